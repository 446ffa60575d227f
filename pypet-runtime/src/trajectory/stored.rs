//! What a program knows of a stored trajectory by its parameter set, whether or not an experiment is declared.

use std::collections::HashSet;
use std::sync::Arc;

use super::explored::{ExploredColumn, StoredParameter};
use super::{AnyTrajectory, TrajectoryError};
use crate::error::Result;
use crate::explore::Exploration;
use crate::parameter::{AxisValues, ParameterSet, declared_parameters, one_cell};
use crate::result::DeclaredGroup;
use crate::schema::{Difference, Schema, SchemaParameter};
use crate::storage::{Node, NodeKind, TrajectoryReader};
use crate::value::{Cells, ResultValue};

/// The presets and the explored columns of a trajectory, with the types of the program.
pub(crate) struct Stored<P> {
    any: AnyTrajectory,
    /// Parameters and results of the program; the results are named as in the file.
    schema: Schema,
    presets: P,
    explored: Vec<ExploredColumn>,
}

/// The numbers of a named repetition, one for each run.
pub(crate) type Repetition = (String, Arc<[usize]>);

impl<P: ParameterSet> Stored<P> {
    /// Reads what has to be known; `schema` is that of the program.
    pub(crate) fn read(reader: Box<dyn TrajectoryReader>, mut schema: Schema) -> Result<Self> {
        let any = AnyTrajectory::from_reader(reader)?;
        name_as_stored(&any, schema.results.iter_mut().map(|result| (&mut result.name, &result.aliases[..])));
        let differences = schema.differences(&any.header().schema);
        if !differences.is_empty() {
            return Err(TrajectoryError::Schema { name: any.header().name.clone(), differences }.into());
        }
        any.statuses()?;
        let mut presets = P::default();
        let mut explored = Vec::new();
        for (leaf, info) in declared_parameters::<P>().iter().enumerate() {
            let Some(stored) = StoredParameter::of(&any, info) else { continue };
            stored.read_preset(&any, presets.leaf_mut(leaf))?;
            explored.extend(ExploredColumn::of(&any, stored, leaf));
        }
        presets.derive();
        Ok(Self { any, schema, presets, explored })
    }

    pub(crate) fn any(&self) -> &AnyTrajectory {
        &self.any
    }

    pub(crate) fn into_any(self) -> AnyTrajectory {
        self.any
    }

    /// Parameters and results of the program; the results are named as in the file.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Gives the groups of the program's results the names under which the file knows them.
    pub(crate) fn name_groups(&self, groups: &mut [DeclaredGroup]) {
        name_as_stored(&self.any, groups.iter_mut().map(|group| (&mut group.name, &group.aliases[..])));
    }

    pub(crate) fn presets(&self) -> &P {
        &self.presets
    }

    /// Checks that the program can add runs to the trajectory.
    pub(crate) fn expect_resumable(&self) -> Result<()> {
        let header = self.any.header();
        let is_explored = |name: &str| self.any.at(&format!("explored/{name}")).is_some();
        let mut obstacles = self.schema.obstacles(&header.schema, is_explored);
        obstacles.extend(self.schema.results.iter().filter_map(|result| self.in_the_way_of(&result.name)));
        if obstacles.is_empty() {
            return Ok(());
        }
        Err(TrajectoryError::NotResumable { name: header.name.clone(), differences: obstacles }.into())
    }

    /// The parameters that the program has and the file lacks, with the values that they take.
    pub(crate) fn gained_parameters(&self) -> Vec<(SchemaParameter, Cells)> {
        let infos = declared_parameters::<P>().into_iter().enumerate();
        let with_values = infos
            .filter(|(_, info)| !info.derived)
            .flat_map(|(leaf, info)| info.stored().into_iter().zip(info.split(one_cell(self.presets.leaf(leaf)))));
        with_values.filter(|(new, _)| self.any.header().schema.parameter(new).is_none()).collect()
    }

    /// The points of the runs, as they are stored.
    pub(crate) fn exploration(&self) -> Result<Exploration<P>> {
        let axes = self.values()?.into_iter().map(|(leaf, values)| Exploration::axis(leaf, values.clone()));
        let repetitions = self.repetitions()?;
        let repetitions = repetitions.iter().map(|(name, numbers)| Exploration::repetitions(name, numbers.clone()));
        // Columns of one file have one length, so they go in lock step.
        Ok(axes.chain(repetitions).reduce(Exploration::zip_unchecked).unwrap_or_else(Exploration::single))
    }

    /// What the file has where the column of a result would be.
    fn in_the_way_of(&self, result: &str) -> Option<Difference> {
        let path = format!("results/{}", result.replace('.', "/"));
        let holds = |node: &&Node| match path.strip_prefix(&node.path) {
            Some("") => !matches!(node.kind, NodeKind::Column(_)),
            Some(below) => below.starts_with('/') && !matches!(node.kind, NodeKind::Group),
            None => false,
        };
        let node = self.any.nodes().iter().find(holds)?;
        Some(Difference::Place { name: result.into(), found: node.path.replace('/', ".") })
    }

    /// All named repetitions: what is explored and no parameter.
    pub(crate) fn repetitions(&self) -> Result<Vec<Repetition>> {
        let parameters = &self.any.header().schema.parameters;
        let explored = self.any.nodes().iter().filter_map(|node| node.path.strip_prefix("explored/"));
        let repetitions = explored.filter(|name| parameters.iter().all(|parameter| parameter.leaf.name != *name));
        let read = |name: &str| {
            let cells = self.any.reader().rows(&format!("explored/{name}"), 0..self.any.header().n_runs)?;
            let numbers: Result<Vec<usize>, _> = cells.iter().map(usize::read).collect();
            let numbers = numbers.map_err(|source| TrajectoryError::Value { name: name.into(), source })?;
            Ok((name.to_owned(), numbers.into()))
        };
        repetitions.map(read).collect()
    }

    /// The columns of all explored parameters, by the numbers of these.
    pub(crate) fn values(&self) -> Result<Vec<(usize, &Arc<dyn AxisValues>)>> {
        let columns = self.explored.iter();
        columns.map(|column| Ok((column.leaf, column.values(&self.any, self.presets.leaf(column.leaf))?))).collect()
    }

    /// The parameters of one run.
    pub(crate) fn parameters_of(&self, run: usize) -> Result<P> {
        let mut parameters = self.presets.clone();
        for column in &self.explored {
            column.assign(&self.any, run, parameters.leaf_mut(column.leaf))?;
        }
        parameters.derive();
        Ok(parameters)
    }
}

/// Gives results, or groups of them, the names under which a trajectory knows them; no two get one name.
fn name_as_stored<'a>(any: &AnyTrajectory, declared: impl Iterator<Item = (&'a mut String, &'a [String])>) {
    let declared: Vec<_> = declared.collect();
    let is_stored = |name: &str| {
        // Arrays and groups come into the file with their first values, and what runs add is in no schema.
        let results = &any.header().schema.results;
        results.iter().any(|result| result.name == name)
            || any.at(&format!("results/{}", name.replace('.', "/"))).is_some()
    };
    let mut taken: HashSet<String> = declared.iter().map(|(name, _)| (*name).clone()).collect();
    for (name, aliases) in declared {
        if aliases.is_empty() || is_stored(name) {
            continue;
        }
        if let Some(older) = aliases.iter().find(|alias| is_stored(alias) && !taken.contains(*alias)) {
            taken.insert(older.clone());
            name.clone_from(older);
        }
    }
}
