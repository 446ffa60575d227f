//! The experiments of a program, gathered when it is linked.

use std::any::{Any, type_name};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use crate::environment::Measured;
use crate::environment::{Environment, Options, Reuse, measure};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::explore::{Dimension, Exploration, Method, Points};
use crate::parameter::{self, ParameterError, ParameterInfo, ParameterSet, declared_parameters};
use crate::schema::Leaf;
use crate::trajectory::AnyTrajectory;
use crate::value::{Cells, grouped};
use crate::verify::{BuildDifference, Rerun, Verified, build_differences};

/// An experiment of this program; `#[experiment]` registers one.
///
/// Experiments of a library count only where the program mentions the library: `use models as _;` is enough.
pub struct Registration {
    module: &'static str,
    experiment: &'static dyn AnyExperiment,
}

inventory::collect!(Registration);

impl Registration {
    /// The entry of an experiment; the by-hand twin of what `#[experiment]` does is
    /// `inventory::submit! { Registration::of::<E>(module_path!()) }`.
    #[must_use]
    pub const fn of<E: Experiment>(module: &'static str) -> Self {
        Self { module, experiment: &Erased::<E>(PhantomData) }
    }
}

/// The registered experiments, by module and name.
#[must_use]
pub fn experiments() -> Vec<&'static dyn AnyExperiment> {
    let mut all: Vec<&Registration> = inventory::iter::<Registration>().collect();
    all.sort_by_key(|registration| (registration.module, registration.experiment.name()));
    all.into_iter().map(|registration| registration.experiment).collect()
}

/// An experiment without its types, for the command line.
pub trait AnyExperiment: Send + Sync {
    /// The name of the function.
    fn name(&self) -> &'static str;
    /// The doc comment of the function.
    fn comment(&self) -> &'static str;
    /// The type of the parameter set.
    fn parameter_set(&self) -> &'static str;
    /// All parameters, in the order of declaration.
    fn parameters(&self) -> Vec<ParameterInfo>;
    /// The default of each parameter, one cell each.
    fn defaults(&self) -> Vec<Cells>;
    /// All results that are declared.
    fn results(&self) -> Vec<Leaf>;
    /// Works out what a request asks for, without running anything.
    ///
    /// # Errors
    /// A name, a value or the exploration is wrong.
    fn check(&self, request: &Request) -> Result<Prospect>;
    /// Carries out the first run of a request, in this process and without a file.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn measure(&self, request: &Request) -> Result<Measured>;
    /// Carries a request out.
    ///
    /// # Errors
    /// As [`Environment::run`].
    fn run(&self, file: &Path, options: Options, request: &Request) -> Result<AnyTrajectory>;
    /// Adds what a request asks for to a trajectory of the file; its presets are checked against those of the file.
    ///
    /// # Errors
    /// As [`Environment::expand`].
    fn expand(&self, file: &Path, options: Options, request: &Request) -> Result<AnyTrajectory>;
    /// Tells what of a request a stored trajectory has already.
    ///
    /// # Errors
    /// As [`Environment::reusable`].
    fn reusable(&self, file: &Path, options: Options, request: &Request) -> Result<Reuse>;
    /// Carries out what is missing in a trajectory.
    ///
    /// # Errors
    /// As [`Environment::resume`].
    fn resume(&self, file: &Path, options: Options) -> Result<AnyTrajectory>;
    /// Verifies a trajectory and carries runs out once more.
    ///
    /// # Errors
    /// As [`Environment::verify`].
    fn verify(&self, file: &Path, options: Options, rerun: &Rerun) -> Result<Verified>;
    /// In what this program differs from those that worked on a trajectory.
    ///
    /// # Errors
    /// What the file says of them cannot be read.
    fn builds(&self, stored: &AnyTrajectory) -> Result<Vec<BuildDifference>>;
}

/// What a user asks for by text.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Presets: names and values.
    pub set: Vec<(String, String)>,
    /// Axes, outermost first: names and values; the declared exploration if there are no axes, zips or samples.
    pub explore: Vec<(String, String)>,
    /// Parameters in lock step, each list an axis within those of `explore`.
    pub zip: Vec<Vec<(String, String)>>,
    /// Samples, each within all axes.
    pub sample: Vec<SampleRequest>,
    /// How often each point is visited, and what tells the visits apart.
    pub repeat: Option<(String, usize)>,
    /// The exploration, once it was made, so that its filters test no point twice.
    #[doc(hidden)]
    pub made: Made,
}

/// A sample by text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRequest {
    /// How points are scattered, how many, and their seed: `latin_hypercube:100:7`.
    pub method: String,
    /// Names, and bounds or choices.
    pub dimensions: Vec<(String, String)>,
}

/// An exploration of some parameter set, and what it was made from.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Made(OnceLock<(Explored, Arc<dyn Any + Send + Sync>)>);

/// All that a request says of what is explored.
type Explored = (Vec<(String, String)>, Vec<Vec<(String, String)>>, Vec<SampleRequest>, Option<(String, usize)>);

impl Request {
    /// Whether it says nothing of what is explored.
    pub(crate) fn explores_nothing(&self) -> bool {
        self.explore.is_empty() && self.zip.is_empty() && self.sample.is_empty()
    }
}

/// What a request amounts to.
#[derive(Debug, Clone)]
pub struct Prospect {
    /// Number of runs.
    pub n_runs: usize,
}

struct Erased<E>(PhantomData<fn() -> E>);

impl<E: Experiment> Erased<E> {
    fn presets(request: &Request) -> Result<E::Parameters> {
        let mut presets = E::Parameters::default();
        for (name, value) in &request.set {
            parameter::set_from_text(&mut presets, name, value)?;
        }
        Ok(presets)
    }

    fn exploration(request: &Request) -> Result<Exploration<E::Parameters>> {
        let asked = (request.explore.clone(), request.zip.clone(), request.sample.clone(), request.repeat.clone());
        if let Some((before, made)) = request.made.0.get()
            && let (true, Some(made)) = (*before == asked, made.downcast_ref::<Exploration<E::Parameters>>())
        {
            return Ok(made.clone());
        }
        let axes = request.explore.iter().map(std::slice::from_ref).chain(request.zip.iter().map(Vec::as_slice));
        let axes = axes.map(Self::in_lock_step).filter_map(Result::transpose);
        let axes: Result<Vec<_>> = axes.chain(request.sample.iter().map(Self::sample)).collect();
        let exploration = match axes?.into_iter().reduce(|outer, axis| outer * axis) {
            Some(product) => product,
            None => E::exploration().map_err(Error::of_points)?,
        };
        let exploration = match &request.repeat {
            Some((name, count)) => exploration.repeat(name, *count),
            None => exploration,
        };
        // It makes no difference whether somebody else was first.
        let _ = request.made.0.set((asked, Arc::new(exploration.clone())));
        Ok(exploration)
    }

    fn points(request: &Request) -> Result<Points<E::Parameters>> {
        let mut presets = Self::presets(request)?;
        presets.derive();
        Ok(Self::exploration(request)?.bind(presets)?)
    }

    fn sample(request: &SampleRequest) -> Result<Exploration<E::Parameters>> {
        let (method, n) = Method::from_text(&request.method)?;
        let infos = declared_parameters::<E::Parameters>();
        let defaults = E::Parameters::default();
        let dimension = |(name, text): &(String, String)| {
            let leaf = parameter::find(&infos, name)?;
            let invalid = |source| ParameterError::Invalid { name: infos[leaf].name.clone(), source };
            Ok(Dimension::new(leaf, defaults.leaf(leaf).parse_domain(text).map_err(invalid)?))
        };
        Ok(method.sample(request.dimensions.iter().map(dimension).collect::<Result<Vec<_>>>()?, n))
    }

    /// One axis of one or several parameters.
    fn in_lock_step(pairs: &[(String, String)]) -> Result<Option<Exploration<E::Parameters>>> {
        let infos = declared_parameters::<E::Parameters>();
        let defaults = E::Parameters::default();
        let mut zip: Option<Exploration<E::Parameters>> = None;
        for (name, text) in pairs {
            let leaf = parameter::find(&infos, name)?;
            let invalid = |source| ParameterError::Invalid { name: infos[leaf].name.clone(), source };
            let axis = Exploration::axis(leaf, defaults.leaf(leaf).parse_axis(text).map_err(invalid)?);
            zip = Some(match zip {
                Some(others) => others.zip(axis)?,
                None => axis,
            });
        }
        Ok(zip)
    }
}

impl<E: Experiment> AnyExperiment for Erased<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn comment(&self) -> &'static str {
        E::COMMENT
    }

    fn parameter_set(&self) -> &'static str {
        let full = type_name::<E::Parameters>();
        full.rsplit("::").next().unwrap_or(full)
    }

    fn parameters(&self) -> Vec<ParameterInfo> {
        declared_parameters::<E::Parameters>()
    }

    fn defaults(&self) -> Vec<Cells> {
        let defaults = E::Parameters::default();
        let cell = |leaf: usize| {
            let leaf = defaults.leaf(leaf);
            if grouped::is_group(&leaf.stored_type()) {
                return Cells::from_text(&[], 1, [leaf.to_text()]);
            }
            let mut cells = Cells::of(&leaf.stored_type());
            leaf.write_cell(&mut cells);
            cells
        };
        (0..E::Parameters::LEN).map(cell).collect()
    }

    fn results(&self) -> Vec<Leaf> {
        crate::result::declared_results::<E::Results>(E::RESULT, E::COMMENT)
    }

    fn check(&self, request: &Request) -> Result<Prospect> {
        Ok(Prospect { n_runs: Self::points(request)?.len() })
    }

    fn measure(&self, request: &Request) -> Result<Measured> {
        measure::<E>(&Self::points(request)?, &Options { signals: true, ..Options::default() })
    }

    fn run(&self, file: &Path, options: Options, request: &Request) -> Result<AnyTrajectory> {
        let environment = Environment::new(file).with_options(options).with_parameters(Self::presets(request)?);
        let trajectory = environment.run::<E>(Self::exploration(request)?)?;
        Ok(trajectory.into_any())
    }

    fn expand(&self, file: &Path, options: Options, request: &Request) -> Result<AnyTrajectory> {
        let environment = Environment::new(file).with_options(options);
        let exploration = Self::exploration(request)?;
        if request.set.is_empty() {
            return Ok(environment.expand::<E>(exploration)?.into_any());
        }
        // What is not set comes from the file.
        let mut presets = environment.stored::<E>()?.presets().clone();
        for (name, value) in &request.set {
            parameter::set_from_text(&mut presets, name, value)?;
        }
        Ok(environment.with_parameters(presets).expand::<E>(exploration)?.into_any())
    }

    fn reusable(&self, file: &Path, options: Options, request: &Request) -> Result<Reuse> {
        let environment = Environment::new(file).with_options(options).with_parameters(Self::presets(request)?);
        environment.reusable::<E>(&Self::exploration(request)?)
    }

    fn resume(&self, file: &Path, options: Options) -> Result<AnyTrajectory> {
        Ok(Environment::new(file).with_options(options).resume::<E>()?.into_any())
    }

    fn verify(&self, file: &Path, options: Options, rerun: &Rerun) -> Result<Verified> {
        Environment::new(file).with_options(options).verify::<E>(rerun)
    }

    fn builds(&self, stored: &AnyTrajectory) -> Result<Vec<BuildDifference>> {
        build_differences(stored, E::BUILD)
    }
}
