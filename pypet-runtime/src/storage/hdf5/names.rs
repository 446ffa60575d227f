//! What a new trajectory is called.

use jiff::Zoned;

/// The name that a new trajectory asks for, and what happens if it is taken.
#[derive(Debug, Clone)]
pub struct NameChoice {
    /// The name.
    pub name: String,
    /// Adds the time to the name even if it is free.
    pub add_time: bool,
    /// Deletes an old trajectory of this name instead of adding the time.
    pub overwrite: bool,
}

impl NameChoice {
    /// A free name: the wanted one, or with the time added, as `firing_rate_2026_11_21_11h43m26s`.
    pub(super) fn free(&self, taken: impl Fn(&str) -> bool) -> String {
        if !self.add_time && (self.overwrite || !taken(&self.name)) {
            return self.name.clone();
        }
        let timed = format!("{}_{}", self.name, Zoned::now().strftime("%Y_%m_%d_%Hh%Mm%Ss"));
        let numbered = (2..).map(|number| format!("{timed}_{number}"));
        let mut candidates = std::iter::once(timed.clone()).chain(numbered);
        candidates.find(|name| !taken(name)).expect("there is always a next number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_the_time_and_then_a_number() {
        let choice = NameChoice { name: "study".into(), add_time: false, overwrite: false };
        assert_eq!(choice.free(|_| false), "study");
        let timed = choice.free(|name| name == "study");
        assert!(timed.starts_with("study_20") && timed.ends_with('s'), "{timed}");
        assert!(choice.free(|name| !name.ends_with("_2")).ends_with("_2"));
        let overwriting = NameChoice { overwrite: true, ..choice };
        assert_eq!(overwriting.free(|_| true), "study");
    }
}
