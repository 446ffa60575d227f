//! Groups of results: nested sets, tables, arrays of any rank, and what is said of them.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use ndarray::{ArrayD, Dimension, IxDyn};
use pypet::prelude::*;

/// How fast a layer fires.
#[results]
struct Rate {
    /// Mean over the layer.
    #[result(unit = "Hz")]
    mean: f64,
    #[result(dims = ["cell"])]
    of_each: Array1<f32>,
    /// A different number in each run.
    spikes: Vec<f64>,
}

#[results]
struct Network {
    /// Of the first layer.
    #[result(group)]
    input: Rate,
    /// Of the last layer.
    #[result(group)]
    output: Rate,
    n_cells: u32,
    /// Who fired when.
    #[result(group)]
    events: Table,
}

#[results]
struct Nothing {}

#[results]
struct Found {
    before: u8,
    /// All layers.
    #[result(group)]
    network: Network,
    #[result(group)]
    nothing: Nothing,
    /// As many dimensions as the run has cells.
    #[result(group)]
    field: ArrayD<i16>,
    after: String,
}

/// What the network is made of.
#[parameters]
struct Cells {
    #[param(default = 1)]
    n: usize,
}

#[parameters]
struct Given {
    /// The cells of a layer.
    cells: Cells,
    #[param(default = false)]
    fails: bool,
}

fn rate(n: usize, factor: f64) -> Rate {
    Rate { mean: factor * n as f64, of_each: Array1::from_elem(2, 0.5), spikes: vec![factor; n] }
}

fn field(n: usize) -> ArrayD<i16> {
    ArrayD::from_shape_fn(IxDyn(&vec![2; n]), |index| i16::try_from(index.slice().iter().sum::<usize>()).unwrap())
}

#[experiment]
fn simulate(p: &Given, run: &mut Run) -> Result<Found, String> {
    if p.fails {
        return Err("as asked".into());
    }
    let n = p.cells.n;
    run.add_result("network.added", n);
    let events = Table::new().with("cell", vec![7_u8; n]);
    let network = Network { input: rate(n, 1.0), output: rate(n, -0.5), n_cells: 3, events };
    Ok(Found { before: 1, network, nothing: Nothing {}, field: field(n), after: "after".into() })
}

fn points() -> Exploration<Given> {
    let p = Given::names();
    p.cells.n.over([0, 2, 1, 3, 5]).zip(p.fails.over([false, false, true, false, false])).expect("of one length")
}

fn check(traj: &Trajectory<simulate>) {
    let r = Found::names();
    for (run, n) in traj.runs().zip([0, 2, 1, 3, 5]).filter(|(run, _)| run.index() != 2) {
        assert_eq!(run.get(r.network.input.mean).unwrap(), n as f64);
        assert_eq!(run.get(r.network.output.spikes).unwrap(), vec![-0.5; n]);
        assert_eq!(run.get(r.network.n_cells).unwrap(), 3);
        assert_eq!(run.get_group(r.network.events).unwrap().n_rows(), n);
        assert_eq!(run.get_group(r.field).unwrap(), field(n));
        assert_eq!(run.get_added::<usize>("network.added").unwrap(), n);
        assert_eq!((run.get(r.before).unwrap(), run.get(r.after).unwrap().as_str()), (1, "after"));
    }
    assert_eq!(traj.all(r.network.input.of_each).unwrap().dim(), (5, 2));
    let fast = traj.find_with(r.network.input.mean, |_, mean| mean > 2.0).unwrap();
    assert_eq!(fast.map(|run| run.index()).collect::<Vec<_>>(), [3, 4]);

    let any = traj.any();
    assert_eq!(any.get::<Vec<f64>>("results.network.output.mean").unwrap()[4], -2.5);
    assert_eq!(any.node("input.mean").unwrap().unit(), "Hz");
    let comment = |path: &str| any.comment(path).unwrap();
    assert_eq!(comment("results.network"), "All layers.");
    assert_eq!(comment("results.network.output"), "Of the last layer.");
    assert_eq!(comment("results.network.events"), "Who fired when.");
    assert_eq!(comment("results.field"), "As many dimensions as the run has cells.");
    assert_eq!(comment("par.cells"), "The cells of a layer.");
}

#[test]
fn a_nested_set_is_a_group_with_names_and_comments() {
    common::with_trajectory_file(|file| {
        Environment::new(file).with_threads(2).run::<simulate>(points()).unwrap();
        check(&Trajectory::open(file).unwrap());
        let copied = file.with_extension("copy.h5");
        pypet::copy(file, None, &copied, None).unwrap();
        check(&Trajectory::open(&copied).unwrap());
    });
    check(&Environment::in_memory().serial().run::<simulate>(points()).unwrap());
}

#[test]
fn a_value_cannot_take_the_place_of_a_nested_set() {
    let adding = |_: &Given, run: &mut Run| {
        run.add_result("network", 1.0);
        Network { input: rate(1, 1.0), output: rate(1, 1.0), n_cells: 1, events: Table::new() }
    };
    // Without a set around it the names are free.
    let any = Environment::in_memory().serial().run_with("free", Exploration::single(), adding).unwrap();
    assert!(any.failures().unwrap().is_empty());
    let adding = |p: &Given, run: &mut Run| {
        run.add_result("network.input", 1.0);
        simulate(p, run)
    };
    let any = Environment::in_memory().serial().run_with("taken", Exploration::single(), adding).unwrap();
    let failure = any.failures().unwrap().remove(0).to_string();
    assert!(failure.contains("`network.input.mean` would lie in `network.input`"), "{failure}");
}
