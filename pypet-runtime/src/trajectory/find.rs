//! Finding runs by conditions that the compiler checks.

use std::sync::Arc;

use super::RunView;
use super::typed::Trajectory;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::parameter::{AxisValues, ParameterSet};
use crate::result::{ResultName, ResultSet};
use crate::run::RunStatus;
use crate::value::{Cells, ResultValue};

impl<E: Experiment> Trajectory<E> {
    /// The runs whose parameters satisfy a condition, whether they are done or not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find(&self, condition: impl Fn(&E::Parameters) -> bool) -> Result<impl Iterator<Item = RunView<'_, E>>> {
        let points = self.points()?;
        Ok(points.filter_runs(0..self.len(), move |_, parameters| condition(parameters)))
    }

    /// The runs whose parameters and results satisfy a condition; only runs that are done can.
    ///
    /// Results are given by one name or by a tuple of up to six, and come as one value or a tuple of values.
    ///
    /// # Errors
    /// The file cannot be read, or it is older than one of the results.
    ///
    /// # Examples
    /// ```text
    /// for run in traj.find_with((r.rate, r.n_spikes), |p, (rate, n)| p.neuron.i > 0.5 && rate > 10.0 && n < 100)? {
    ///     println!("{}", run.index());
    /// }
    /// ```
    pub fn find_with<N: ResultNames<E::Results>>(
        &self,
        names: N,
        condition: impl Fn(&E::Parameters, N::Values) -> bool,
    ) -> Result<impl Iterator<Item = RunView<'_, E>>> {
        let done: Vec<usize> = (0..self.len()).filter(|&run| self.statuses()[run] == RunStatus::Done).collect();
        let columns = names.read(self, &done)?;
        let points = self.points()?;
        Ok(points.filter_runs(done, move |row, parameters| condition(parameters, N::row(&columns, row))))
    }

    fn points(&self) -> Result<Points<'_, E>> {
        Ok(Points { trajectory: self, explored: self.stored_points().values()? })
    }

    /// The values of a result at some runs, which have one.
    fn values_at<V: ResultValue>(&self, name: ResultName<E::Results, V>, runs: &[usize]) -> Result<Vec<V>> {
        let all = self.column(name)?;
        let values = if runs.len() == all.len() {
            V::read_all(&all)
        } else {
            // What stands for a missing result need not be a value of its type.
            let mut chosen = Cells::new(all.element(), all.rank());
            let mut wanted = runs.iter().peekable();
            for (run, cell) in all.iter().enumerate() {
                if wanted.next_if(|&&next| next == run).is_some() {
                    chosen.push_cell(&cell);
                }
            }
            V::read_all(&chosen)
        };
        Ok(values.map_err(|source| self.unreadable(name, source))?)
    }
}

/// The parameters of all runs, with all columns at hand.
struct Points<'a, E: Experiment> {
    trajectory: &'a Trajectory<E>,
    explored: Vec<(usize, &'a Arc<dyn AxisValues>)>,
}

impl<'a, E: Experiment> Points<'a, E> {
    /// Asks about each of the runs in turn; the condition gets its position among them and its parameters.
    fn filter_runs(
        self,
        runs: impl IntoIterator<Item = usize>,
        condition: impl Fn(usize, &E::Parameters) -> bool,
    ) -> impl Iterator<Item = RunView<'a, E>> {
        let mut parameters = self.trajectory.presets().clone();
        runs.into_iter().enumerate().filter_map(move |(position, run)| {
            for (leaf, values) in &self.explored {
                values.assign(run, parameters.leaf_mut(*leaf));
            }
            parameters.derive();
            condition(position, &parameters).then(|| RunView::new(self.trajectory, run))
        })
    }
}

/// Names of results whose values a condition wants: one [`ResultName`], or a tuple of up to six.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name results of `{Set}`",
    note = "give one name, as `r.rate`, or a tuple of up to six, as `(r.rate, r.n_spikes)`, of the experiment's own result set"
)]
pub trait ResultNames<Set: ResultSet>: Copy {
    /// What the condition gets.
    type Values;
    /// What is kept in memory meanwhile.
    #[doc(hidden)]
    type Columns;

    #[doc(hidden)]
    fn read<E: Experiment<Results = Set>>(self, trajectory: &Trajectory<E>, runs: &[usize]) -> Result<Self::Columns>;

    #[doc(hidden)]
    fn row(columns: &Self::Columns, row: usize) -> Self::Values;
}

impl<Set: ResultSet, V: ResultValue + Clone> ResultNames<Set> for ResultName<Set, V> {
    type Values = V;
    type Columns = Vec<V>;

    fn read<E: Experiment<Results = Set>>(self, trajectory: &Trajectory<E>, runs: &[usize]) -> Result<Vec<V>> {
        trajectory.values_at(self, runs)
    }

    fn row(columns: &Vec<V>, row: usize) -> V {
        columns[row].clone()
    }
}

macro_rules! tuples_of_names {
    ($(($($name:ident $value:ident),+)),+) => { $(
        impl<Set: ResultSet, $($value: ResultValue + Clone),+> ResultNames<Set> for ($(ResultName<Set, $value>,)+) {
            type Values = ($($value,)+);
            type Columns = ($(Vec<$value>,)+);

            fn read<E: Experiment<Results = Set>>(
                self,
                trajectory: &Trajectory<E>,
                runs: &[usize],
            ) -> Result<Self::Columns> {
                let ($($name,)+) = self;
                Ok(($(trajectory.values_at($name, runs)?,)+))
            }

            fn row(columns: &Self::Columns, row: usize) -> Self::Values {
                let ($($name,)+) = columns;
                ($($name[row].clone(),)+)
            }
        }
    )+ };
}

tuples_of_names!(
    (a T0),
    (a T0, b T1),
    (a T0, b T1, c T2),
    (a T0, b T1, c T2, d T3),
    (a T0, b T1, c T2, d T3, e T4),
    (a T0, b T1, c T2, d T3, e T4, f T5)
);
