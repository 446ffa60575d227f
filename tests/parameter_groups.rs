//! Parameters that are groups in files: sparse matrices and arrays of any rank.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use ndarray::{ArrayD, IxDyn};
use proptest::collection::vec;
use proptest::prelude::*;
use pypet::prelude::*;
use pypet::value::{ParamGroup, ValueType};
use sprs::{CsMat, TriMat};

/// Who is wired to whom.
#[parameters]
struct Wiring {
    /// Strengths.
    #[param(group, default = CsMat::eye(2))]
    weights: CsMat<f64>,
    #[param(group, default = ArrayD::zeros(IxDyn(&[])))]
    field: ArrayD<f64>,
    #[param(derived = self.weights.nnz())]
    n_weights: usize,
    #[param(group, derived = self.weights.map(|weight| -weight))]
    inverse: CsMat<f64>,
}

#[parameters]
struct Study {
    /// All of the wires.
    net: Wiring,
    #[param(default = 1.0)]
    gain: f64,
}

#[results]
struct Echo {
    #[result(group)]
    weights: CsMat<f64>,
    #[result(group)]
    field: ArrayD<f64>,
    #[result(group)]
    table: Table,
    sum: f64,
}

#[experiment]
fn echo(p: &Study) -> Echo {
    let sum = p.gain * p.net.weights.data().iter().sum::<f64>();
    let table = Table::new().with("weight", p.net.weights.data().to_vec());
    Echo { weights: p.net.weights.clone(), field: p.net.field.clone(), table, sum }
}

fn weights_of(entries: &[(usize, usize, f64)], shape: (usize, usize), by_rows: bool) -> CsMat<f64> {
    let mut triplets = TriMat::new(shape);
    for &(row, column, weight) in entries {
        triplets.add_triplet(row, column, weight);
    }
    if by_rows { triplets.to_csr() } else { triplets.to_csc() }
}

fn weights() -> impl Strategy<Value = CsMat<f64>> {
    let entry = (0..4_usize, 0..3_usize, any::<u64>().prop_map(f64::from_bits));
    (vec(entry, 0..8), any::<bool>()).prop_map(|(entries, by_rows)| weights_of(&entries, (4, 3), by_rows))
}

fn field() -> impl Strategy<Value = ArrayD<f64>> {
    vec(0..3_usize, 0..4).prop_flat_map(|shape| {
        let elements = vec(any::<u64>().prop_map(f64::from_bits), shape.iter().product::<usize>());
        elements.prop_map(move |elements| ArrayD::from_shape_vec(IxDyn(&shape), elements).unwrap())
    })
}

/// All that makes up a matrix and an array, floats by their bits.
fn bits(weights: &CsMat<f64>, field: &ArrayD<f64>) -> impl PartialEq + std::fmt::Debug + use<> {
    let data: Vec<u64> = weights.data().iter().map(|weight| weight.to_bits()).collect();
    let structure = (weights.indices().to_vec(), weights.proper_indptr().to_vec(), weights.is_csr(), weights.shape());
    (data, structure, field.mapv(f64::to_bits))
}

fn check(traj: &Trajectory<echo>, preset: (&CsMat<f64>, &ArrayD<f64>), explored: &[(CsMat<f64>, ArrayD<f64>)]) {
    let r = Echo::names();
    let given = &traj.presets().net;
    assert_eq!(bits(&given.weights, &given.field), bits(preset.0, preset.1), "preset");
    for (run, (weights, field)) in traj.runs().zip(explored) {
        let (p, expected) = (run.parameters().unwrap(), bits(weights, field));
        assert_eq!(bits(&p.net.weights, &p.net.field), expected, "explored");
        assert_eq!(p.net.n_weights, weights.nnz());
        assert_eq!(bits(&run.get_group(r.weights).unwrap(), &run.get_group(r.field).unwrap()), expected, "result");
        let column = run.get_group(r.table).unwrap().column::<f64>("weight").unwrap();
        assert!(column.iter().zip(weights.data()).all(|(a, b)| a.to_bits() == b.to_bits()), "table");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_come_back_to_the_bit(preset in (weights(), field()), values in vec((weights(), field()), 1..5)) {
        let p = Study::names();
        let exploration = || {
            let (weights, fields): (Vec<_>, Vec<_>) = values.iter().cloned().unzip();
            let fields = p.net.field.over(fields.into_iter().map(Grouped));
            p.net.weights.over(weights.into_iter().map(Grouped)).zip(fields).expect("of one length")
        };
        let net = Wiring { weights: preset.0.clone(), field: preset.1.clone(), ..default() };
        let given = || Study { net: net.clone(), ..default() };
        common::with_trajectory_file(|file| {
            Environment::new(file).serial().with_parameters(given()).run::<echo>(exploration()).unwrap();
            check(&Trajectory::open(file).unwrap(), (&preset.0, &preset.1), &values);
        });
        let memory = Environment::in_memory().serial().with_parameters(given()).run::<echo>(exploration()).unwrap();
        check(&memory, (&preset.0, &preset.1), &values);
    }
}

fn of_density(n: usize) -> CsMat<f64> {
    weights_of(&(0..n).map(|i| (i, i, 0.5)).collect::<Vec<_>>(), (3, 3), true)
}

#[test]
fn a_matrix_is_an_axis_like_any_other() {
    common::with_trajectory_file(|file| {
        let p = Study::names();
        let points = |ns: &[usize], gains: &[f64]| {
            p.net.weights.over(ns.iter().map(|&n| Grouped(of_density(n)))) * p.gain.over(gains.to_vec())
        };
        let environment = || Environment::new(file).with_threads(2);
        drop(environment().run::<echo>(points(&[0, 2], &[1.0, 2.0])).unwrap());
        // Points that are there are recognised.
        let traj = environment().expand::<echo>(points(&[2, 3], &[1.0, 2.0])).unwrap();
        let sum = Echo::names().sum;
        assert_eq!(traj.all(sum).unwrap().to_vec(), [0.0, 0.0, 1.0, 2.0, 1.5, 3.0]);
        assert_eq!(traj.grid(sum).unwrap().values.shape(), [3, 2]);
        assert_eq!(traj.find(|p| p.net.weights.nnz() == 2).unwrap().count(), 2);
        assert_eq!(traj.run(5).unwrap().parameters().unwrap().net.weights, of_density(3));
        assert_eq!(traj.run(5).unwrap().parameters().unwrap().net.inverse.data(), [-0.5; 3]);

        let any = traj.any();
        assert_eq!(any.get::<Vec<f64>>("par.net.weights.data").unwrap(), [1.0, 1.0]);
        assert_eq!(any.run(4).unwrap().get::<Vec<f64>>("par.net.weights.data").unwrap(), [0.5; 3]);
        assert_eq!(any.comment("par.net.weights").unwrap(), "Strengths.");
        drop(traj);

        let merged = file.with_extension("merged.h5");
        pypet::merge(&merged, [file], &default()).unwrap();
        let traj = Trajectory::<echo>::open(&merged).unwrap();
        assert_eq!(traj.len(), 6);
        for run in traj.runs() {
            let p = run.parameters().unwrap();
            assert_eq!(run.get(sum).unwrap(), p.gain * p.net.weights.data().iter().sum::<f64>());
        }
        let resumed = Environment::new(&merged).resume::<echo>().unwrap();
        assert!(resumed.failed().is_empty());
        common::python::run("parameter_groups.py", [file]);
    });
}

#[test]
fn presets_that_differ_are_explored_when_files_are_joined() {
    common::with_trajectory_file(|file| {
        let other = file.with_extension("other.h5");
        for (file, n) in [(file, 1), (&other, 3)] {
            let net = Wiring { weights: of_density(n), ..default() };
            let environment = Environment::new(file).serial().with_parameters(Study { net, ..default() });
            drop(environment.run::<echo>(Study::names().gain.over([1.0, 2.0])).unwrap());
        }
        let merged = file.with_extension("merged.h5");
        pypet::merge(&merged, [file, &other], &default()).unwrap();
        let traj = Trajectory::<echo>::open(&merged).unwrap();
        let mut found: Vec<_> =
            traj.runs().map(|run| run.parameters().unwrap()).map(|p| (p.net.weights.nnz(), p.gain)).collect();
        found.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(found, [(1, 1.0), (1, 2.0), (3, 1.0), (3, 2.0)]);
        assert_eq!(traj.grid(Echo::names().sum).unwrap().values.shape(), [2, 2]);
    });
}

#[test]
fn the_identity_of_a_point_holds_what_is_in_its_groups() {
    let of = |n| {
        let net = Wiring { weights: of_density(n), ..default() };
        pypet::parameter::Identity::of(&Study { net, ..default() })
    };
    assert_eq!(of(2), of(2));
    assert_ne!(of(2), of(3));
}

/// A group that breaks its word.
#[derive(Debug, Clone, PartialEq)]
struct Fickle(u8);

impl pypet::result::ResultGroup for Fickle {
    fn put(&self, members: &mut pypet::result::Members) {
        let name = if self.0 == 0 { "stated" } else { "other" };
        members.put(name, &self.0);
    }

    fn take(members: &pypet::result::StoredMembers) -> Result<Self, pypet::value::ValueError> {
        Ok(Self(members.get("stated")?))
    }
}

impl ParamGroup for Fickle {
    fn members() -> Vec<(&'static str, ValueType)> {
        vec![("stated", ValueType::scalar(pypet::value::ElementType::U8))]
    }
}

#[parameters]
struct Wrong {
    #[param(group, default = Fickle(0))]
    group: Fickle,
}

#[test]
fn what_a_text_cannot_spell_and_what_breaks_its_word_is_refused() {
    let p = Wrong::names();
    let run = |_: &Wrong| 1.0;
    let exploration = || p.group.over([0, 1].map(|n| Grouped(Fickle(n))));
    common::with_trajectory_file(|file| {
        for environment in [Environment::new(file), Environment::in_memory()] {
            let refused =
                environment.run_with("wrong", exploration(), move |p: &Wrong, _: &mut Run| run(p)).unwrap_err();
            assert!(refused.to_string().contains("its members are not those that"), "{refused}");
        }
    });
    let refused = pypet::parameter::set_from_text(&mut Wrong::default(), "group", "3").unwrap_err();
    assert!(format!("{refused:?}").contains("set it in the program"), "{refused:?}");
}
