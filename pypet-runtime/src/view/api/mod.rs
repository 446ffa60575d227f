//! What the page asks and how it is answered: one address for each question, all of them reading.

mod overview;
mod picture;
mod run;
mod runs;
mod tree;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::memo::Mischoice;
use super::reading::{Reader, Source};
use crate::error::Error;
use crate::plot::PlotError;
use crate::trajectory::{AnyTrajectory, QueryError, TrajectoryError};
use crate::value::{Cell, ElementType};

/// The addresses below `/api`.
pub(super) fn routes() -> Router<Arc<Reader>> {
    Router::new()
        .route("/state", get(answer::<overview::StateQuery>))
        .route("/overview", get(answer::<overview::OverviewQuery>))
        .route("/tree", get(answer::<tree::TreeQuery>))
        .route("/node", get(answer::<tree::NodeQuery>))
        .route("/runs", get(answer::<runs::RunsQuery>))
        .route("/run", get(answer::<run::RunQuery>))
        .route("/picture", get(answer::<picture::PictureQuery>))
}

/// A question of the page, read from the address.
trait Ask: for<'de> Deserialize<'de> + Send + 'static {
    /// Finds the answer in the file.
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal>;
}

/// What is sent.
enum Answer {
    Json(Value),
    Svg(String),
}

async fn answer<Q: Ask>(State(reader): State<Arc<Reader>>, Query(query): Query<Q>) -> Response {
    let answer = reader.ask(move |source| answered(query.ask(source))).await;
    answer.unwrap_or_else(|| {
        let body = json!({ "error": "a mistake of pypet's: the question could not be answered" });
        (StatusCode::INTERNAL_SERVER_ERROR, JSON, body.to_string()).into_response()
    })
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// Written where it was read, so that the server has nothing to do but send it.
fn answered(answer: Result<Answer, Refusal>) -> Response {
    match answer {
        Ok(Answer::Json(value)) => (JSON, value.to_string()).into_response(),
        Ok(Answer::Svg(text)) => ([(header::CONTENT_TYPE, "image/svg+xml")], text).into_response(),
        Err(refusal) => (refusal.status(), JSON, refusal.json().to_string()).into_response(),
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Pypet(#[from] Error),
    #[error(transparent)]
    Choice(#[from] Mischoice),
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error("{0}")]
    Unknown(String),
    #[error("`{0}` is no run; give indices of runs, as `3, 5, 8`")]
    Malformed(String),
    #[error("{0} runs are too many for one picture; give at most {1}")]
    TooMany(usize, usize),
}

impl Refusal {
    fn pypet(&self) -> Option<&Error> {
        match self {
            Self::Pypet(error) | Self::Choice(Mischoice::Pypet(error)) | Self::Plot(PlotError::Pypet(error)) => {
                Some(error)
            }
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match (self, self.pypet()) {
            (_, Some(Error::Trajectory(TrajectoryError::Unknown { .. } | TrajectoryError::NoRun { .. })))
            | (Self::Unknown(_), _) => StatusCode::NOT_FOUND,
            (_, Some(error)) if error.is_usage() => StatusCode::BAD_REQUEST,
            // The file is gone, damaged, or somebody else's by now.
            (_, Some(_)) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn json(&self) -> Value {
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        match self.pypet() {
            Some(Error::Trajectory(TrajectoryError::Query(error))) => {
                json!({ "error": message, "place": place(error), "reason": error.message })
            }
            _ => json!({ "error": message }),
        }
    }
}

/// Where a condition is wrong, counted as browsers count characters.
fn place(error: &QueryError) -> [usize; 2] {
    let count = |end: usize| error.expression.get(..end).unwrap_or_default().encode_utf16().count();
    [count(error.place.start), count(error.place.end)]
}

/// Text of a file, without what nobody could read in a page.
fn cut(text: &str) -> String {
    const MOST: usize = 200_000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.into(),
    }
}

/// A value as people read it: arrays by their first elements, lists of words in full.
fn spelled(cell: &Cell<'_>) -> String {
    const WORDS: usize = 100;
    match (cell.element(), cell.shape()) {
        (ElementType::Text, [length]) if *length <= WORDS => cell.strings().collect::<Vec<_>>().join(" "),
        _ => cell.to_string(),
    }
}

/// What is noted beside a node; nothing where it cannot be read.
fn annotations(any: &AnyTrajectory, path: &str) -> Vec<Value> {
    let notes = any.reader().annotations(path).unwrap_or_default();
    notes.iter().map(|(key, cells)| json!({ "name": key, "text": cut(&spelled(&cells.cell(0))) })).collect()
}
