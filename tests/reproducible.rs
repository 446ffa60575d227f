//! The identity of a point and its random streams depend on what the documentation says, and on nothing else.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, array};
use pypet::parameter::Identity;
use pypet::prelude::*;
use pypet::rand::Rng;
use pypet::run::Stream;

/// A model neuron.
#[parameters]
struct Neuron {
    #[param(default = 20.0)]
    tau: f64,
    #[param(default = -0.0)]
    gain: f32,
    #[param(derived = self.tau * 2.0)]
    twice: f64,
}

/// One parameter of every kind, in an order that is not that of the names.
#[parameters]
struct Kinds {
    #[param(default = "Ünïcode".to_owned())]
    title: String,
    neuron: Neuron,
    #[param(default = array![[1, 2, 3], [4, 5, 6]])]
    layers: Array2<u64>,
    #[param(default = vec![String::new(), "a".to_owned()])]
    labels: Vec<String>,
    #[param(default = true)]
    verbose: bool,
}

/// The first numbers of three streams.
#[results]
struct Drawn {
    identity: String,
    main: [u64; 4],
    synapses: [u64; 4],
    uniform: [f64; 3],
}

/// Whether fragile runs fail from the fifth on.
static BROKEN: AtomicBool = AtomicBool::new(true);

#[experiment]
fn draw(_: &Kinds, run: &mut Run) -> Drawn {
    Drawn {
        identity: run.identity().to_string(),
        // Each from its own stream, in turns.
        main: [0; 4].map(|_| {
            run.rng_for("another").next_u32();
            run.rng().next_u64()
        }),
        synapses: [0; 4].map(|_| run.rng_for("synapses").next_u64()),
        uniform: [0; 3].map(|_| run.rng_for("uniform").random()),
    }
}

#[experiment]
fn fragile(p: &Kinds, run: &mut Run) -> Result<Drawn, String> {
    if run.index() >= 5 && BROKEN.load(Ordering::Relaxed) {
        return Err("broken".into());
    }
    Ok(draw(p, run))
}

fn points() -> Exploration<Kinds> {
    let p = Kinds::names();
    (p.neuron.tau.over([20.0, 10.0]) * p.title.over(["a".to_owned(), "b".to_owned()])).repeat("trial", 3)
}

fn drawn<E: Experiment<Results = Drawn>>(traj: &Trajectory<E>) -> Vec<(String, [u64; 4], [u64; 4])> {
    let r = Drawn::names();
    let read =
        |run: RunView<'_, E>| Ok::<_, pypet::Error>((run.get(r.identity)?, run.get(r.main)?, run.get(r.synapses)?));
    traj.runs().map(|run| read(run).expect("the run is done")).collect()
}

#[test]
fn identities_and_streams_have_golden_values() {
    let point = Identity::of(&Kinds::default());
    assert_eq!(point.to_string(), "a0f6c967709df7923c63c3c4c63ff9cc");
    let four = |mut stream: Stream| [0; 4].map(|_| stream.next_u64());
    let main =
        [5_150_776_716_232_621_183, 6_202_094_735_721_915_142, 17_930_702_371_625_349_164, 16_829_094_730_565_240_767];
    assert_eq!(four(Stream::new(7, point, &[], "")), main);
    let synapses =
        [16_703_437_082_070_167_909, 1_836_774_276_263_702_069, 10_380_235_089_926_851_663, 7_631_796_120_111_680_230];
    assert_eq!(four(Stream::new(7, point, &[("other", 0), ("trial", 3)], "synapses")), synapses);

    let text = |numbers: [u64; 4]| numbers.map(|number| number.to_string()).join(" ");
    let printed = common::python::run("streams.py", [""; 0]);
    assert_eq!(printed.trim(), format!("{point}\n{}\n{}", text(main), text(synapses)));
}

#[test]
fn every_value_and_every_bit_of_it_makes_another_point() {
    let base = Kinds::default();
    let neuron = |neuron| Kinds { neuron, ..Kinds::default() };
    let others = [
        Kinds { title: "Unicode".into(), ..Kinds::default() },
        neuron(Neuron { gain: 0.0, ..default() }),
        neuron(Neuron { tau: 20.0_f64.next_up(), ..default() }),
        Kinds { layers: base.layers.clone().into_shape_with_order((3, 2)).unwrap(), ..Kinds::default() },
        Kinds { labels: vec!["a".into(), String::new()], ..Kinds::default() },
        Kinds { verbose: false, ..Kinds::default() },
    ];
    let mut identities: Vec<Identity> = others.iter().chain([&base]).map(Identity::of).collect();
    identities.sort_unstable();
    identities.dedup();
    assert_eq!(identities.len(), others.len() + 1);
}

#[test]
fn a_run_draws_the_same_numbers_on_any_number_of_threads_and_in_another_exploration() {
    let environment = || Environment::in_memory().with_seed(11);
    let expected = drawn(&environment().serial().run::<draw>(points()).unwrap());
    for n_threads in [1, 2, 8] {
        assert_eq!(drawn(&environment().with_threads(n_threads).run::<draw>(points()).unwrap()), expected);
    }
    // The same points in another order: without repetitions, and as presets instead of axes.
    let p = Kinds::names();
    let presets = Kinds { neuron: Neuron { tau: 10.0, ..default() }, ..default() };
    let titles = p.title.over(["b".to_owned(), "a".to_owned()]);
    let some = drawn(&environment().with_parameters(presets).run::<draw>(titles).unwrap());
    assert_eq!(some, [expected[9].clone(), expected[6].clone()]);

    let other = drawn(&Environment::in_memory().with_seed(12).run::<draw>(points()).unwrap());
    assert!(other.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && a.1 != b.1 && a.2 != b.2));
}

#[test]
fn worker_processes_draw_what_the_program_would_have_drawn() {
    // Workers pass the first study once more, and come to the same points only with the seed that was drawn for it.
    let first = drawn(&Environment::in_memory().serial().run::<draw>(Exploration::single()).unwrap());
    let taus = first[0].1.map(|number| (number % 1000) as f64);
    let exploration = Kinds::names().neuron.tau.over(taus).repeat("trial", 2);
    let name = "worker_processes_draw_what_the_program_would_have_drawn";
    let environment = Environment::in_memory().with_processes(2).with_worker_arguments([name, "--exact"]);
    let traj = environment.run::<draw>(exploration.clone()).unwrap();
    assert_eq!(traj.failed(), [0; 0]);
    let expected = Environment::in_memory().with_seed(traj.seed()).serial().run::<draw>(exploration).unwrap();
    assert_eq!(drawn(&traj), drawn(&expected));
}

#[test]
fn resumed_runs_draw_what_they_would_have_drawn_and_python_draws_the_same() {
    let seed = Environment::in_memory().run::<draw>(Exploration::single()).unwrap().seed();
    for exploration in [points(), Exploration::single().repeat("trial", 12)] {
        let expected = drawn(&Environment::in_memory().with_seed(seed).run::<draw>(exploration.clone()).unwrap());
        assert!((1..12).all(|run| expected[..run].iter().all(|earlier| earlier.1 != expected[run].1)));
        common::with_trajectory_file(|file| {
            BROKEN.store(true, Ordering::Relaxed);
            let traj = Environment::new(file).with_seed(seed).serial().run::<fragile>(exploration).unwrap();
            assert_eq!(traj.failed(), [5, 6, 7, 8, 9, 10, 11]);
            drop(traj);
            BROKEN.store(false, Ordering::Relaxed);
            let traj = Environment::new(file).with_seed(1).with_failed().resume::<fragile>().unwrap();
            assert_eq!((traj.seed(), traj.any().get::<u64>("config.environment.seed").unwrap()), (seed, seed));
            assert_eq!(drawn(&traj), expected);
            assert!(traj.runs().zip(&expected).all(|(run, drawn)| run.identity().unwrap().to_string() == drawn.0));
            drop(traj);
            assert_eq!(common::python::run("streams.py", [file]).trim(), "12");
        });
    }
}
