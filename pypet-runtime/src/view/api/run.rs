//! One run: what it was given, what came of it, and how it went.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, Refusal, annotations, cut, spelled};
use crate::error::Result;
use crate::progress::time;
use crate::run::RunStatus;
use crate::trajectory::{AnyRunView, NodeRef};
use crate::value::ElementType;
use crate::view::reading::Source;

/// Values of each branch that are shown.
const MOST: usize = 500;
/// Lines of the log that are shown.
const LOG_LINES: usize = 200;

/// Everything about one run.
#[derive(Debug, Deserialize)]
pub(super) struct RunQuery {
    trajectory: Option<String>,
    run: usize,
}

impl Ask for RunQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let (any, _) = source.open(self.trajectory.as_deref())?;
        let run = any.run(self.run)?;
        let failure = run.error()?.map(|failure| {
            json!({
                "message": cut(&failure.message),
                "place": cut(&failure.place),
                "backtrace": cut(&failure.backtrace),
            })
        });
        let parameters = [branch(&run, "parameters"), branch(&run, "derived_parameters")].concat();
        let results = branch(&run, "results");
        let shown = |leaves: &[NodeRef<'_>]| leaves.iter().take(MOST).map(|leaf| entry(&run, *leaf)).collect();
        let (n_hidden_parameters, n_hidden_results) =
            (parameters.len().saturating_sub(MOST), results.len().saturating_sub(MOST));
        let (parameters, results): (Vec<Value>, Vec<Value>) = (shown(&parameters), shown(&results));
        Ok(Answer::Json(json!({
            "run": self.run,
            "n_runs": any.header().n_runs,
            "status": run.status().to_string(),
            "started": run.started()?.map(time),
            "runtime_seconds": run.runtime()?.map(|runtime| runtime.as_secs_f64()),
            "failure": failure,
            "parameters": parameters,
            "n_hidden_parameters": n_hidden_parameters,
            "results": results,
            "n_hidden_results": n_hidden_results,
            "log": log_of(&run),
        })))
    }
}

/// What was logged while the run went on, the last lines if they are many; nothing if there is no log to be read.
fn log_of(run: &AnyRunView<'_>) -> Option<String> {
    let lines = run.trajectory().log(Some(run.index())).ok().filter(|lines| !lines.is_empty())?;
    let n_left_out = lines.len().saturating_sub(LOG_LINES);
    let left_out = (n_left_out > 0).then(|| format!("({n_left_out} lines before)"));
    let shown = lines[n_left_out..].iter().map(ToString::to_string);
    Some(left_out.into_iter().chain(shown).collect::<Vec<_>>().join("\n"))
}

/// The leaves of a branch that the run has a value of.
fn branch<'a>(run: &AnyRunView<'a>, name: &str) -> Vec<NodeRef<'a>> {
    let leaves = run.trajectory().at(name).into_iter().flat_map(NodeRef::leaves);
    leaves.filter(|leaf| run.status() == RunStatus::Done || name != "results" || !leaf.is_column()).collect()
}

fn entry(run: &AnyRunView<'_>, leaf: NodeRef<'_>) -> Value {
    let any = run.trajectory();
    let (_, name) = leaf.path().split_once('/').unwrap_or_default();
    let (text, shape) = match run.cells_of(leaf) {
        Ok(cells) => (spelled(&cells.cell(0)), cells.cell(0).shape().to_vec()),
        Err(error) => (format!("({error})"), Vec::new()),
    };
    let has_numbers = !matches!(leaf.element(), None | Some(ElementType::Text | ElementType::C32 | ElementType::C64));
    let is_picture = matches!(shape.as_slice(), [_] | [_, _]) && shape.iter().all(|length| *length > 0);
    json!({
        "name": name.replace('/', "."),
        "type": leaf.leaf().map(|leaf| leaf.value_type.to_string()),
        "unit": leaf.unit(),
        "comment": cut(leaf.comment()),
        "text": cut(&text),
        "shape": shape,
        "is_explored": any.explored_of(leaf).is_some(),
        "is_drawable": leaf.is_column() && has_numbers && is_picture,
        "annotations": annotations(any, leaf.path()),
    })
}
