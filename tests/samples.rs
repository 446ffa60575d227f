//! Samples scatter points over a box, and compose as every exploration does.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use pypet::explore::Dimension;
use pypet::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Method {
    Euler,
    RungeKutta,
    Midpoint,
}

/// Every kind of dimension, and limits to run into.
#[parameters]
struct Space {
    #[param(default = 0.0)]
    a: f64,
    #[param(default = 0.0)]
    b: f64,
    #[param(default = 1)]
    n: u8,
    #[param(default = 1.0)]
    rate: f32,
    #[param(default = Method::Euler)]
    method: Method,
    #[param(default = 0.5, range = 0.0..=1.0)]
    share: f64,
    #[param(default = 10, choices = [10, 20, 30])]
    size: u32,
    #[param(derived = self.a + self.b)]
    sum: f64,
}

type Sampler = fn(Vec<Dimension<Space>>, usize, u64) -> Exploration<Space>;

const SAMPLERS: [Sampler; 4] = [
    |dimensions, n, seed| latin_hypercube(dimensions, n, seed),
    |dimensions, n, seed| scrambled_sobol(dimensions, n, seed),
    |dimensions, n, seed| random(dimensions, n, seed),
    |dimensions, n, _| sobol(dimensions, n),
];

fn mixed() -> Vec<Dimension<Space>> {
    let p = Space::names();
    vec![
        p.a.between(-1.0, 1.0),
        p.n.between(1, 9),
        p.rate.log_between(0.1, 1000.0),
        p.method.among([Method::Euler, Method::RungeKutta, Method::Midpoint]),
    ]
}

fn points(exploration: &Exploration<Space>) -> Vec<Space> {
    (0..exploration.len()).map(|i| exploration.point(i).expect("the index is below the length")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn points_stay_in_their_box(sampler in prop::sample::select(&SAMPLERS[..]), n in 1..200_usize, seed: u64) {
        let sample = sampler(mixed(), n, seed);
        prop_assert_eq!(sample.len(), n);
        for point in points(&sample) {
            prop_assert!((-1.0..=1.0).contains(&point.a) && (1..=9).contains(&point.n));
            prop_assert!((0.1..=1000.0).contains(&point.rate));
            prop_assert_eq!(point.sum.to_bits(), point.a.to_bits());
        }
    }

    #[test]
    fn equal_arguments_give_equal_points_and_other_seeds_others(
        sampler in prop::sample::select(&SAMPLERS[..3]), n in 2..100_usize, seed: u64,
    ) {
        prop_assert_eq!(points(&sampler(mixed(), n, seed)), points(&sampler(mixed(), n, seed)));
        prop_assert_ne!(points(&sampler(mixed(), n, seed)), points(&sampler(mixed(), n, seed ^ 1)));
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_part_of_each_dimension(n in 1..300_usize, seed: u64) {
        let p = Space::names();
        let sample = points(&latin_hypercube([p.a.between(0.0, 1.0), p.b.between(2.0, 4.0)], n, seed));
        let mut parts = vec![[0; 2]; n];
        for point in sample {
            for (dimension, place) in [point.a, (point.b - 2.0) / 2.0].into_iter().enumerate() {
                let part = (0..n).find(|&part| place * (n as f64) < (part + 1) as f64).expect("the place is below 1");
                parts[part][dimension] += 1;
            }
        }
        prop_assert_eq!(parts, vec![[1; 2]; n]);
    }
}

#[test]
fn integers_and_choices_have_even_chances() {
    for sampler in SAMPLERS {
        let sample = points(&sampler(mixed(), 9 * 3 * 1024, 5));
        for n in 1..=9 {
            let share = sample.iter().filter(|point| point.n == n).count() as f64 / sample.len() as f64;
            assert!((share * 9.0 - 1.0).abs() < 0.1, "{n}: {share}");
        }
        let share = sample.iter().filter(|point| point.method == Method::Midpoint).count() as f64 / sample.len() as f64;
        assert!((share * 3.0 - 1.0).abs() < 0.05, "{share}");
        // Half of a logarithmic scale from 0.1 to 1000 is below 10.
        let share = sample.iter().filter(|point| point.rate < 10.0).count() as f64 / sample.len() as f64;
        assert!((share * 2.0 - 1.0).abs() < 0.05, "{share}");
    }
}

#[test]
fn sobol_points_are_the_published_ones() {
    let p = Space::names();
    let sample = points(&sobol([p.a.between(0.0, 1.0), p.b.between(0.0, 2.0)], 8));
    // scipy.stats.qmc.Sobol(2, scramble=False).random(8)
    let published = [
        (0.0, 0.0),
        (0.5, 0.5),
        (0.75, 0.25),
        (0.25, 0.75),
        (0.375, 0.375),
        (0.875, 0.875),
        (0.625, 0.125),
        (0.125, 0.625),
    ];
    let expected: Vec<(f64, f64)> = published.iter().map(|(a, b)| (*a, 2.0 * b)).collect();
    assert_eq!(sample.iter().map(|point| (point.a, point.b)).collect::<Vec<_>>(), expected);
}

#[test]
fn sobol_points_integrate_better_than_random_ones() {
    let p = Space::names();
    let error = |sample: Exploration<Space>| {
        let sum: f64 = points(&sample).iter().map(|point| point.a * point.b).sum();
        (sum / sample.len() as f64 - 0.25).abs()
    };
    let square = || [p.a.between(0.0, 1.0), p.b.between(0.0, 1.0)];
    let mean = |of: &dyn Fn(u64) -> f64| (0..20).map(of).sum::<f64>() / 20.0;
    let scattered = mean(&|seed| error(random(square(), 1024, seed)));
    assert!(mean(&|seed| error(scrambled_sobol(square(), 1024, seed))) < scattered / 5.0);
    assert!(mean(&|seed| error(latin_hypercube(square(), 1024, seed))) < scattered);
}

#[test]
fn samples_compose_as_explorations_do() {
    let p = Space::names();
    let sample = || latin_hypercube([p.a.between(0.0, 1.0), p.b.between(0.0, 1.0)], 10, 3);
    let product = p.n.over([1, 2, 3]) * sample();
    assert_eq!(product.len(), 30);
    assert_eq!(product.point(13).map(|point| (point.n, point.a)), sample().point(3).map(|point| (2, point.a)));
    let lower = sample().filter(|point| point.a < 0.5).repeat("trial", 2) + p.a.over([7.0]);
    assert_eq!(lower.len(), 5 * 2 + 1);
    assert!(sample().zip(p.n.over(0..10)).is_ok() && sample().zip(p.n.over(0..9)).is_err());
    // A sequence that is continued keeps its points.
    let twice = sobol([p.a.between(0.0, 1.0)], 8) + sobol([p.a.between(0.0, 1.0)], 16);
    assert_eq!(twice.unique().len(), 16);
}

#[test]
fn a_billion_points_take_no_memory_and_any_is_at_hand() {
    for sampler in SAMPLERS {
        let sample = sampler(mixed(), 1_000_000_000, 1);
        let bound = sample.bind(Space::default()).expect("the box lies within all limits");
        assert_eq!(
            (bound.len(), bound.point(999_999_999)),
            (1_000_000_000, sample.point(999_999_999).expect("it exists"))
        );
    }
}

#[test]
fn what_cannot_be_sampled_is_refused_before_the_first_run() {
    let p = Space::names();
    let refused = |dimension: Dimension<Space>| {
        let errors = SAMPLERS.map(|sampler| sampler(vec![dimension.clone()], 4, 0).bind(Space::default()).err());
        errors.map(|error| error.expect("the sample is refused").to_string())[0].clone()
    };
    assert_eq!(refused(p.share.between(0.5, 1.5)), "`share` is 1.5, but must be in 0.0..=1.0");
    assert!(refused(p.a.between(1.0, 0.0)).starts_with("`a` has no values between 1.0 and 0.0"));
    assert!(refused(p.a.between(f64::NAN, 0.0)).starts_with("`a` has no values between NaN and 0.0"));
    assert!(refused(p.a.between(0.0, f64::INFINITY)).starts_with("`a` has no values between 0.0 and inf"));
    assert!(refused(p.a.log_between(0.0, 1.0)).starts_with("`a` cannot lie between 0.0 and more"));
    assert!(refused(p.size.between(10, 30)).contains("sample it `among` its choices"));
    assert!(refused(p.size.among([10, 40])).starts_with("`size` is 40, but must be"));
    assert!(refused(p.size.among([])).starts_with("`size` is explored over no values"));

    let message = |sample: &Exploration<Space>| sample.bind(Space::default()).err().expect("it is refused").to_string();
    assert!(message(&sobol([p.a.between(0.0, 1.0)], 0)).starts_with("`a` is explored over no values"));
    assert!(
        message(&random([p.a.between(0.0, 1.0), p.a.between(0.0, 1.0)], 3, 0)).starts_with("`a` is explored twice")
    );
    assert!(random::<Space>([], 3, 0).bind(Space::default()).is_err());
}

#[test]
fn a_sample_is_stored_and_read_back_as_it_was() {
    let sample = || latin_hypercube(mixed(), 50, 9);
    common::with_trajectory_file(|file| {
        Environment::new(file).serial().run_with("noted", sample(), |p: &Space, _: &mut Run| p.a).unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        let expected: Vec<f64> = points(&sample()).iter().map(|point| point.a).collect();
        assert_eq!(any.get::<Vec<f64>>("explored.a").unwrap(), expected);
        assert_eq!(any.get::<Vec<f64>>("noted").unwrap(), expected);
        let axes = any.axes().unwrap();
        assert_eq!((axes.len(), axes[0].zipped.len()), (1, 3), "a sample is one axis with all dimensions along it");
    });
}

/// Conditions that were asked.
static N_ASKED: AtomicUsize = AtomicUsize::new(0);

#[test]
fn a_filter_tests_each_point_once_from_counting_to_running_and_expanding() {
    let p = Space::names();
    let filtered = p.n.over(0..20) * p.size.over([10, 20, 30]);
    let filtered = filtered.filter(|point| {
        N_ASKED.fetch_add(1, Ordering::Relaxed);
        point.n % 2 == 0
    });
    assert_eq!(filtered.len(), 30);
    assert_eq!(filtered.point(29).map(|point| point.n), Some(18));
    let paired = filtered.clone().zip(p.a.over(linspace(0.0, 1.0, 30))).unwrap().repeat("trial", 2);
    assert_eq!(paired.len(), 60);
    let kept = |p: &Space, _: &mut Run| p.a;
    let traj = Environment::in_memory().run_with("kept", paired.clone(), kept).unwrap();
    assert_eq!(traj.header().n_runs, 60);
    Environment::in_memory().run_with("kept", filtered.clone(), kept).unwrap();
    assert_eq!(N_ASKED.load(Ordering::Relaxed), 60);

    // Other presets may decide otherwise.
    assert_eq!(filtered.bind(Space { a: 1.0, ..default() }).unwrap().len(), 30);
    assert_eq!(N_ASKED.load(Ordering::Relaxed), 120);
}

#[test]
fn equal_points_are_grouped_and_dropped() {
    let p = Space::names();
    let crossing = p.a.over([0.0, 1.0]) * p.b.over([0.0]) + p.a.over([0.0]) * p.b.over([0.0, 1.0]);
    assert_eq!(crossing.unique_points(), [vec![0, 2], vec![1], vec![3]]);
    assert_eq!(
        points(&crossing.clone().unique()).iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(),
        [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    );
    let repeated = p.a.over([3.0, 4.0]).repeat("trial", 2);
    assert_eq!(repeated.clone().unique().len(), 4, "repetitions are not the same point");
    assert_eq!(repeated.unique_points(), [[0, 1], [2, 3]]);
    assert_eq!(p.a.over([0.0, -0.0, f64::NAN, f64::NAN]).unique().len(), 3, "bit by bit");

    let traj = Environment::in_memory().run_with("all", crossing, |p: &Space, _: &mut Run| p.sum).unwrap();
    assert_eq!(traj.unique_points().unwrap(), [vec![0, 2], vec![1], vec![3]]);
}

#[experiment]
fn total(p: &Space) -> f64 {
    p.sum
}

#[test]
fn the_points_of_a_stored_trajectory_are_an_exploration_to_build_on() {
    common::with_trajectory_file(|file| {
        let p = Space::names();
        let traj = Environment::new(file).run::<total>(p.a.over([1.0, 2.0, 3.0]).repeat("trial", 2)).unwrap();
        assert_eq!(traj.axes().unwrap().iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>(), ["a", "trial"]);
        let stored = traj.exploration().unwrap();
        drop(traj);
        assert_eq!(stored.len(), 6);
        let further = stored.clone().filter(|p| p.a > 1.0) * p.b.over([10.0, 20.0]);
        let traj = Environment::in_memory().run::<total>(further).unwrap();
        assert_eq!(traj.all(total::results()).unwrap().to_vec(), [12.0, 22.0, 12.0, 22.0, 13.0, 23.0, 13.0, 23.0]);
        assert_eq!(traj.any().get::<Vec<u64>>("explored.trial").unwrap(), [0, 0, 1, 1, 0, 0, 1, 1]);
        assert_eq!((stored + p.a.over([9.0])).len(), 7);
    });
}
