//! Pictures as `plot` draws them.

use serde::Deserialize;

use super::{Answer, Ask, Refusal};
use crate::plot::{Request, plot};
use crate::view::reading::Source;

/// Traces in one picture; more could not be told apart.
const MOST_TRACES: usize = 50;

/// One picture of one result.
#[derive(Debug, Deserialize)]
pub(super) struct PictureQuery {
    trajectory: Option<String>,
    result: Option<String>,
    x: Option<String>,
    y: Option<String>,
    #[serde(default)]
    lines: bool,
    /// Runs whose arrays are shown, as `3,5,8`.
    #[serde(default)]
    runs: String,
}

impl Ask for PictureQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let mut runs = Vec::new();
        for word in self.runs.split([',', ' ']).filter(|word| !word.is_empty()) {
            let run = word.parse().map_err(|_| Refusal::Malformed(word.into()))?;
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        if runs.len() > MOST_TRACES {
            return Err(Refusal::TooMany(runs.len(), MOST_TRACES));
        }
        let mut runs = runs.into_iter();
        let (any, _) = source.open(self.trajectory.as_deref())?;
        let is_said = |text: &String| !text.is_empty();
        let request = Request {
            results: self.result.filter(is_said).into_iter().collect(),
            run: runs.next(),
            beside: runs.collect(),
            lines: self.lines,
            x: self.x.filter(is_said),
            y: self.y.filter(is_said),
        };
        Ok(Answer::Svg(plot(any, &request)?.svg()))
    }
}
