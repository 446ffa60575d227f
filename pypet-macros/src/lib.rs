//! The attribute macros of pypet: [`macro@parameters`], [`macro@results`], [`macro@experiment`],
//! [`macro@ParamValue`] and [`macro@ResultValue`].
//!
//! Programs use them through the facade `pypet`. Each macro reads the annotated item into words of its own (`model`),
//! judges it by rules (`check`), and writes facts about it (`expand`), which the runtime works with. The user's item
//! stays as it is. All mistakes of an item are told together, and what is wrong is left out of what is written, so
//! that one mistake gives one message. Types are the compiler's business; the macros choose where its messages land.
//!
//! The examples need the facade and are therefore not run here; the same code is compiled by its tests.

#![forbid(unsafe_code)]

mod build;
mod experiment;
mod param_value;
mod parameters;
mod results;
mod stored_value;
mod support;

use proc_macro::TokenStream;

/// Makes a struct a parameter set.
///
/// A field with `#[param(…)]` is a parameter, a field without it is a group: a nested parameter set. Doc comments
/// become the comments in the file and in `--help`. The struct gets `Clone`, `Debug` and `PartialEq` unless they are
/// derived (below the attribute, never above it), `Default` from the declared defaults, `ParameterSet`, and `names()`: a struct of the
/// same shape whose leaves are typed names.
///
/// # Options of a parameter
/// - [`default`](#default): the value unless another is given.
/// - [`derived`](#derived): an expression of parameters above, in place of a default.
/// - [`unit`](#unit): the physical unit.
/// - [`range`](#range): the values that are allowed, as a range.
/// - [`choices`](#choices): the values that are allowed, one by one.
/// - [`alias`](#alias): a name in older files.
/// - [`serde`](#serde): how a type that only serde knows is stored.
/// - [`group`](#group): a value of several members.
///
/// # Options of the set
/// - [`crate`](#crate): where pypet is found.
///
/// ## `default`
/// Any expression of the parameter's type; a text literal may stand for a `String`. A literal is checked against
/// literal limits when the program is built.
/// ```text
/// #[param(default = 10.0)]
/// tau_v: f64,
/// #[param(default = "euler")]
/// method: String,
/// ```
///
/// ## `derived`
/// Any expression that uses `self.` of parameters and groups above it. It is computed anew whenever those change.
/// ```text
/// #[param(derived = (self.duration / self.dt) as usize)]
/// steps: usize,
/// ```
///
/// ## `unit`
/// The unit in the spelling of UDUNITS, where there is one.
/// ```text
/// #[param(default = 10.0, unit = "ms")]
/// tau_v: f64,
/// ```
///
/// ## `range`
/// Any range of the parameter's type. A value outside it is an error before the first run.
/// ```text
/// #[param(default = 0.0, range = 0.0..=2.0)]
/// i: f64,
/// ```
///
/// ## `choices`
/// The allowed values. Where they have names of their own, an enum with `#[derive(ParamValue)]` says more.
/// ```text
/// #[param(default = 110, choices = [10, 30, 90, 110])]
/// rule: u8,
/// ```
///
/// ## `alias`
/// The full name under which older files know the parameter; may be repeated.
/// ```text
/// #[param(default = 5.0, alias = "neuron.refractory", alias = "neuron.tau_refractory")]
/// tau_ref: f64,
/// ```
///
/// ## `serde`
/// The parameter is of any type with serde's `Serialize` and `Deserialize`; it is stored as readable JSON text, or with
/// `serde = "cbor"` (feature `cbor`) as bytes. Its name is that of a `Json`: `p.stimulus.over([a, b].map(Json))`. On the command
/// line it is JSON: `--set stimulus='{"Step": 0.5}'`.
/// ```text
/// #[param(serde, default = Stimulus::Step(0.5))]
/// stimulus: Stimulus,
/// ```
///
/// ## `group`
/// The parameter is a sparse matrix, an `ArrayD` or another `ParamGroup`; a file has it as a group with a parameter for each
/// member. Its name is that of a `Grouped`: `p.weights.over([a, b].map(Grouped))`. The command line cannot set it.
/// ```text
/// #[param(group, default = CsMat::eye(100))]
/// weights: CsMat<f64>,
/// ```
///
/// ## `crate`
/// The path of pypet, where it is not `::pypet`.
/// ```text
/// #[parameters(crate = my_framework::pypet)]
/// struct Neuron { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn parameters(options: TokenStream, item: TokenStream) -> TokenStream {
    parameters::expand(options.into(), item.into()).into()
}

/// Makes a struct a result set: each field becomes a column with one value per run.
///
/// Doc comments become the comments in the file. The struct gets `ResultSet`, an experiment may return it, and
/// `names()` gives typed names for reading.
///
/// # Options of a result
/// - [`unit`](#unit): the physical unit.
/// - [`dims`](#dims): names for the dimensions of an array.
/// - [`compress`](#compress): how hard the column is compressed.
/// - [`alias`](#alias): a name in older files.
/// - [`serde`](#serde): how a type that only serde knows is stored.
/// - [`group`](#group): a nested result set, or a value of several columns.
///
/// # Options of the set
/// - [`crate`](#crate): where pypet is found.
///
/// ## `unit`
/// The unit in the spelling of UDUNITS, where there is one.
/// ```text
/// #[result(unit = "Hz")]
/// rate: f64,
/// ```
///
/// ## `dims`
/// One name for each dimension of the value, outermost first; without it they are `<name>_0`, `<name>_1`, …
/// ```text
/// #[result(dims = ["time", "cell"])]
/// pattern: Array2<u8>,
/// ```
///
/// ## `compress`
/// A level from 1 (fast) to 9 (small), for deflate after shuffling, which every HDF5 reader understands; 0 for never, whatever
/// the environment says. Text is not compressed.
/// ```text
/// #[result(compress = 4)]
/// pattern: Array2<u8>,
/// ```
///
/// ## `alias`
/// The full name under which older files know the result; may be repeated. Such a file goes on under that name when it is
/// resumed or expanded. The alias of a group is that of all that lies in it; what has moved into a group names itself
/// as it was: `#[result(alias = "rate")] rate: f64` in the set of the group.
/// ```text
/// #[result(unit = "Hz", alias = "rate", alias = "network.rate")]
/// firing_rate: f64,
/// #[result(group, alias = "network")]
/// layer: Layer,
/// ```
///
/// ## `serde`
/// The result is of any type with serde's `Serialize` and `Deserialize`; it is stored as readable JSON text, or with
/// `serde = "cbor"` (feature `cbor`) as bytes. Its name is that of a `Json`: `traj.get(r.events, 0)?.0`.
/// ```text
/// #[result(serde)]
/// events: Vec<Event>,
/// ```
///
/// ## `group`
/// The field is a struct with `#[results]`: its results are `results/<field>/<name>`, with names as `r.network.rate`. Or it is a
/// `Table`, an `ArrayD`, a sparse matrix or another `ResultGroup`, whose columns are `results/<field>/<column>`.
/// ```text
/// /// The network as a whole.
/// #[result(group)]
/// network: Network,
/// #[result(group)]
/// spikes: Table,
/// ```
///
/// ## `crate`
/// The path of pypet, where it is not `::pypet`.
/// ```text
/// #[results(crate = my_framework::pypet)]
/// struct Firing { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn results(options: TokenStream, item: TokenStream) -> TokenStream {
    results::expand(options.into(), item.into()).into()
}

/// Makes a function an experiment.
///
/// The function stays as it is. Beside it stands a type of the same name, which implements `Experiment` and is
/// registered, so that the program knows its experiments. The function takes `&Params`, then, where it needs them,
/// `&Shared` (see [`prepare`](#prepare)) and `&mut Run`. It returns a struct with `#[results]`, a single value, `()`,
/// or a `Result` of one of these. The doc comment becomes the comment in the file.
///
/// # Options
/// - [`explore`](#explore): the points that are visited.
/// - [`prepare`](#prepare): what all runs share.
/// - [`finish`](#finish): what happens after the last run.
/// - [`result`](#result): the name of a single result.
/// - [`shared_arrays`](#shared_arrays): what all runs write together.
/// - [`crate`](#crate): where pypet is found.
///
/// ## `explore`
/// A function that returns an `Exploration` of the experiment's parameter set, or a `Result` of one with any error.
/// ```text
/// #[experiment(explore = currents)]
/// fn firing_rate(p: &FiringRate) -> Firing { /* … */ }
///
/// fn currents() -> Exploration<FiringRate> {
///     FiringRate::names().neuron.i.over(linspace(0.0, 1.0, 101))
/// }
/// ```
///
/// ## `prepare`
/// A function of nothing or of the presets, called once in each process. The experiment takes what it returns as
/// its second argument.
/// ```text
/// #[experiment(prepare = build_network)]
/// fn activity(p: &Activity, network: &Network) -> f64 { /* … */ }
///
/// fn build_network(presets: &Activity) -> Network { /* … */ }
/// ```
///
/// ## `finish`
/// A function that is given the stored trajectory after the last run; it returns `()` or a `Result`.
/// ```text
/// #[experiment(finish = summarize)]
/// fn activity(p: &Activity) -> f64 { /* … */ }
///
/// fn summarize(traj: &mut Trajectory<activity>) -> pypet::Result<()> { /* … */ }
/// ```
///
/// ## `result`
/// The name of the result where the function returns a single value; the function's own name without it.
/// ```text
/// #[experiment(result = "z")]
/// fn multiply(p: &Factors) -> f64 { /* … */ }
/// ```
///
/// ## `shared_arrays`
/// A function of the presets that returns the arrays of which runs write parts by `run.write_slice`: a list of
/// `SharedArray`.
/// ```text
/// #[experiment(shared_arrays = maps)]
/// fn potential(p: &Place, run: &mut Run) { /* … */ }
///
/// fn maps(presets: &Place) -> [SharedArray; 1] {
///     [SharedArray::new::<f64>("map", [presets.n_lines, 200]).with_unit("mV")]
/// }
/// ```
///
/// ## `crate`
/// The path of pypet, where it is not `::pypet`.
/// ```text
/// #[experiment(crate = my_framework::pypet)]
/// fn multiply(p: &Factors) -> f64 { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn experiment(options: TokenStream, item: TokenStream) -> TokenStream {
    experiment::expand(options.into(), item.into()).into()
}

/// Makes a type of your own a value of parameters and results.
///
/// An enum without fields is stored as the names of its variants, and arrays may be made of it; it also derives `Debug`, `Clone`,
/// `Copy` and `PartialEq`. A struct of one unnamed field is stored as that field. Every other type says how it is
/// stored; it also derives `Debug`, `Clone` and `PartialEq`. A program that does not know the type reads what it is
/// stored as.
///
/// # Options of a variant
/// - [`rename`](#rename): the name in files and on the command line.
///
/// # Options of the type
/// - [`as`](#as): another type, as which it is stored.
/// - [`serde`](#serde): stored as JSON text, or as bytes.
/// - [`crate`](#crate): where pypet is found.
///
/// ## `rename`
/// The variant's own name without it.
/// ```text
/// #[param(rename = "rk4")]
/// RungeKutta,
/// ```
///
/// ## `as`
/// A type that parameters can hold, with `From<Yours>` for it and `From` or `TryFrom` of it for yours. What `TryFrom` refuses is
/// an error before the first run.
/// ```text
/// #[derive(Debug, Clone, PartialEq, ParamValue)]
/// #[param(as = f64)]
/// struct Probability(f64);
/// ```
///
/// ## `serde`
/// The type derives serde's `Serialize` and `Deserialize`.
/// ```text
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ParamValue)]
/// #[param(serde)]
/// enum Stimulus { Step(f64), Ramp { from: f64, to: f64 } }
/// ```
///
/// ## `crate`
/// The path of pypet, where it is not `::pypet`.
/// ```text
/// #[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
/// #[param(crate = my_framework::pypet)]
/// enum Method { /* … */ }
/// ```
#[proc_macro_derive(ParamValue, attributes(param))]
pub fn derive_param_value(item: TokenStream) -> TokenStream {
    param_value::expand(item.into()).into()
}

/// Makes a type of your own a value of results, as [`macro@ParamValue`] does, with options in `#[result(…)]`.
///
/// The type also derives `Clone`. It needs neither `Debug` nor `PartialEq`, and cannot be a parameter.
///
/// # Options
/// - `as`: another type, as which it is stored.
/// - `serde`: stored as JSON text, or as bytes.
/// - `crate`: where pypet is found.
#[proc_macro_derive(ResultValue, attributes(result))]
pub fn derive_result_value(item: TokenStream) -> TokenStream {
    stored_value::expand_result(item.into()).into()
}

/// What is known of the crate that is being compiled, for generated code.
#[doc(hidden)]
#[proc_macro]
pub fn build(private: TokenStream) -> TokenStream {
    build::expand(&private.into()).into()
}

/// What a macro wrote, as people write it.
#[cfg(test)]
fn pretty(tokens: proc_macro2::TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("macros write items"))
}
