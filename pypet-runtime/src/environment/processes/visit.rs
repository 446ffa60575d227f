//! Which study of a program a call belongs to, so that a worker finds the one it was started for.
//!
//! Studies are numbered in the order in which their thread comes to them; one that is carried out by another's
//! post-processing has the number of that one and its own. A worker comes to the same studies in the same order: those
//! before its own are not carried out again, it gets what was stored, and at its own it stays.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::refuse;
use crate::engine::processes::request;
use crate::error::{Result, with_causes};

/// Stands before the number of a round of further points, where others have the number of a study in post-processing.
const FURTHER: usize = usize::MAX;

/// A study that a program has come to.
#[derive(Debug)]
pub(in crate::environment) struct Visit {
    id: Vec<usize>,
    experiment: String,
    /// Whether its points are those of a stored trajectory.
    is_stored: bool,
}

/// What a program is at a study.
#[derive(Debug)]
pub(in crate::environment) enum Role {
    /// It carries the study out.
    Program,
    /// It is a worker of another study: this one is stored there, or was in memory and is carried out once more.
    Passing(Option<Kept>),
    /// It is a worker of this study, which is stored there.
    Worker(Option<Kept>),
}

/// Where a study is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::environment) struct Kept {
    pub(in crate::environment) file: PathBuf,
    pub(in crate::environment) name: String,
}

/// What a worker is told at its start.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    study: Vec<usize>,
    experiment: String,
    is_stored: bool,
    seed: u64,
    kept: Option<Kept>,
    earlier: Vec<Earlier>,
}

/// A study that ended before.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Earlier {
    study: Vec<usize>,
    seed: u64,
    kept: Option<Kept>,
}

thread_local! {
    /// The number of the study that this thread comes to next.
    static NEXT: RefCell<Vec<usize>> = RefCell::new(vec![0]);
    static EARLIER: RefCell<Vec<Earlier>> = const { RefCell::new(Vec::new()) };
}

impl Role {
    /// What a worker cannot do without: an error is the program's to tell, and not for the user's code here.
    pub(in crate::environment) fn insist<T>(&self, result: Result<T>) -> Result<T> {
        match (self, result) {
            (Self::Worker(_), Err(error)) => refuse(with_causes(&error)),
            (_, result) => result,
        }
    }
}

impl Kept {
    pub(in crate::environment) fn new(file: &Path, name: &str) -> Self {
        // A worker may begin elsewhere.
        Self { file: std::path::absolute(file).unwrap_or_else(|_| file.into()), name: name.into() }
    }
}

impl Visit {
    /// This thread comes to a study.
    pub(in crate::environment) fn to(experiment: &str) -> Self {
        let id = NEXT.with_borrow_mut(|next| {
            let id = next.clone();
            *next.last_mut().expect("never empty") += 1;
            id
        });
        Self { id, experiment: experiment.into(), is_stored: false }
    }

    /// The same for a study whose points are those of a stored trajectory.
    pub(in crate::environment) fn of_stored(self) -> Self {
        Self { is_stored: true, ..self }
    }

    /// Whether the study that this worker was started for has its points from a stored trajectory; `None` in a program.
    pub(in crate::environment) fn wanted_is_stored() -> Option<bool> {
        let request: Request = serde_json::from_str(request()?).ok()?;
        Some(request.is_stored)
    }

    /// What this program is here; a worker that cannot come to its study any more ends.
    pub(in crate::environment) fn role(&self) -> Role {
        let Some(request) = request() else { return Role::Program };
        let request: Request = match serde_json::from_str(request) {
            Ok(request) => request,
            Err(error) => self.lost(&format!("a request that it does not understand ({error})")),
        };
        let wanted = format!("the study of `{}`", request.experiment);
        match self.id.cmp(&request.study) {
            std::cmp::Ordering::Equal if self.experiment == request.experiment => Role::Worker(request.kept),
            std::cmp::Ordering::Less => match request.earlier.into_iter().find(|earlier| earlier.study == self.id) {
                Some(earlier) => Role::Passing(earlier.kept),
                None => self.lost(&wanted),
            },
            _ => self.lost(&wanted),
        }
    }

    /// Ends a worker that has come to another study than the one it was started for.
    fn lost(&self, wanted: &str) -> ! {
        refuse(format!("it came to the study of `{}` instead of {wanted}", self.experiment))
    }

    /// The seed that the study has in the program, where this is one of its workers.
    pub(in crate::environment) fn seed(&self) -> Option<u64> {
        let request: Request = serde_json::from_str(request()?).ok()?;
        if request.study == self.id {
            return Some(request.seed);
        }
        request.earlier.into_iter().find(|earlier| earlier.study == self.id).map(|earlier| earlier.seed)
    }

    /// What a worker of this study is told at its start.
    pub(in crate::environment) fn request(&self, seed: u64, kept: Option<Kept>) -> serde_json::Result<String> {
        let earlier = EARLIER.with_borrow(Clone::clone);
        let (study, experiment, is_stored) = (self.id.clone(), self.experiment.clone(), self.is_stored);
        let request = Request { study, experiment, is_stored, seed, kept, earlier };
        serde_json::to_string(&request)
    }

    /// Notes that the study is stored, for workers of later ones.
    pub(in crate::environment) fn note(&self, seed: u64, kept: Option<Kept>) {
        EARLIER.with_borrow_mut(|earlier| earlier.push(Earlier { study: self.id.clone(), seed, kept }));
    }

    /// Does the study's post-processing, which may come to further studies.
    pub(in crate::environment) fn within<T>(&self, post_processing: impl FnOnce() -> T) -> T {
        let inner = self.id.iter().copied().chain([0]).collect();
        let outer = NEXT.replace(inner);
        let value = post_processing();
        NEXT.set(outer);
        value
    }

    /// The study of the further points that this study's post-processing has asked for.
    pub(in crate::environment) fn further(&self) -> Self {
        let id = match self.id.as_slice() {
            [first @ .., FURTHER, round] => [first, &[FURTHER, round + 1]].concat(),
            id => [id, &[FURTHER, 1]].concat(),
        };
        Self { id, experiment: self.experiment.clone(), is_stored: true }
    }

    /// The study of further points that a worker was started for, in itself or in its post-processing.
    pub(in crate::environment) fn wanted_further(&self) -> Option<Self> {
        let wanted: Request = serde_json::from_str(request()?).ok()?;
        match wanted.study.strip_prefix(self.id.as_slice())? {
            [FURTHER, round, ..] => {
                let id = [self.id.as_slice(), &[FURTHER, *round]].concat();
                Some(Self { id, experiment: self.experiment.clone(), is_stored: true })
            }
            _ => None,
        }
    }

    /// Whether a worker has to do the study's post-processing, since its own study comes in there.
    pub(in crate::environment) fn leads_to_the_wanted(&self) -> bool {
        let wanted = request().and_then(|request| serde_json::from_str::<Request>(request).ok());
        wanted.is_none_or(|wanted| wanted.study.starts_with(&self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn studies_are_numbered_in_the_order_of_their_thread() {
        let ids = std::thread::spawn(|| {
            let first = Visit::to("a");
            let inner = first.within(|| [Visit::to("b").id, Visit::to("b").id]);
            (first.id, inner, Visit::to("c").id)
        });
        assert_eq!(ids.join().unwrap(), (vec![0], [vec![0, 0], vec![0, 1]], vec![1]));
    }
}
