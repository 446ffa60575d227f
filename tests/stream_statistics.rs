//! Neighbouring streams look independent: those of neighbouring points, names, repetitions and seeds.
//!
//! Each figure is a number of standard deviations from what independent streams would give. The long version,
//! `cargo test --release --test stream_statistics -- --ignored --nocapture`, prints the table of
//! docs/reproducibility.md. Another one hands the streams to the battery `dieharder`.

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use pypet::parameter::Identity;
use pypet::prelude::*;
use pypet::rand::Rng;
use pypet::run::Stream;

/// What tells the streams of a family apart.
#[parameters]
struct Point {
    #[param(default = 0.0)]
    x: f64,
    #[param(default = 1.0)]
    y: f64,
}

/// Outputs of one family of streams, `[stream][output]`.
type Outputs = Vec<Vec<u64>>;

/// A family of streams, each by its number.
type Family = Box<dyn Fn(u32) -> Stream>;

/// A figure beyond this has a probability of 6·10⁻⁷; the seed is fixed, so a test that passes goes on passing.
const MOST: f64 = 5.0;

#[test]
fn neighbouring_streams_look_independent() {
    check(64, 1 << 10);
}

#[test]
#[ignore = "a minute in a release build; prints the table of the documentation"]
fn many_neighbouring_streams_look_independent() {
    check(2048, 1 << 13);
    print_costs();
}

/// Takes one number of each stream in turn, for as long as the battery wants more.
#[test]
#[ignore = "hours for all tests; needs `dieharder`, and takes the family and its arguments from the environment"]
fn interleaved_streams_pass_dieharder() {
    let wanted = std::env::var("PYPET_STREAMS").unwrap_or_else(|_| "points".into());
    let (_, stream) = families().into_iter().find(|(name, _)| *name == wanted).expect("there is such a family");
    let mut streams: Vec<Stream> = (0..4096).map(stream).collect();

    let arguments = std::env::var("PYPET_DIEHARDER").unwrap_or_else(|_| "-a".into());
    let mut battery = Command::new("dieharder");
    // Generator 200 is what comes in on standard input.
    battery.args(["-g", "200"]).args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut battery = battery.spawn().expect("`dieharder` is installed");
    let mut input = battery.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            for stream in &mut streams {
                bytes.extend(stream.next_u64().to_le_bytes());
            }
            if input.write_all(&bytes).is_err() {
                break; // It has enough.
            }
        }
    });
    let output = battery.wait_with_output().expect("it ends by itself");
    writer.join().expect("nothing panics there");
    let said = String::from_utf8_lossy(&output.stdout);
    let n = |word: &str| said.lines().filter(|line| line.contains(word)).count();
    println!("{said}\n{wanted}: {} passed, {} weak, {} failed", n("PASSED"), n("WEAK"), n("FAILED"));
    assert!(n("PASSED") + n("WEAK") > 0 && n("FAILED") == 0, "{said}");
}

fn check(n_streams: u32, n_outputs: usize) {
    println!("{n_streams} streams of {n_outputs} outputs, in standard deviations");
    for (family, stream) in families() {
        let take = |number| {
            let mut stream: Stream = stream(number);
            (0..n_outputs).map(|_| stream.next_u64()).collect()
        };
        let outputs: Outputs = (0..n_streams).map(take).collect();
        let figures = battery(&outputs);
        let shown: Vec<String> = figures.iter().map(|(name, z)| format!("{name} {z:+.2}")).collect();
        println!("{family}: {}", shown.join(", "));
        for (name, z) in figures {
            assert!(
                z.abs() < MOST,
                "{name} of the streams of neighbouring {family} is {z:+.2} standard deviations off"
            );
        }
    }
}

/// What tells the streams of each family apart.
fn families() -> Vec<(&'static str, Family)> {
    let here = Identity::of(&Point::default());
    let at = |x| Identity::of(&Point { x, ..default() });
    vec![
        ("points", Box::new(move |i| Stream::new(7, at(f64::from(i)), &[], ""))),
        ("floats", Box::new(move |i| Stream::new(7, at(f64::from_bits(u64::from(i))), &[], ""))),
        ("repetitions", Box::new(move |i| Stream::new(7, here, &[("trial", i.into())], ""))),
        ("names", Box::new(move |i| Stream::new(7, here, &[], &format!("population_{i}")))),
        ("seeds", Box::new(move |i| Stream::new(i.into(), here, &[], ""))),
    ]
}

fn battery(outputs: &Outputs) -> Vec<(&'static str, f64)> {
    let n_outputs = outputs[0].len();
    // First all first outputs, then all second ones: what neighbours share would show up here.
    let interleaved: Vec<u64> = (0..n_outputs).flat_map(|k| outputs.iter().map(move |stream| stream[k])).collect();
    let xor: Vec<u64> = outputs.windows(2).flat_map(|w| w[0].iter().zip(&w[1]).map(|(a, b)| a ^ b)).collect();
    let (total, beyond) = correlations(outputs);
    vec![
        ("correlation of neighbours", total),
        ("large ones", beyond),
        ("bits", bits(&interleaved)),
        ("bits of neighbours' differences", bits(&xor)),
        ("weights of differences", weights(&xor)),
        ("bytes", bytes(&interleaved)),
        ("bytes of differences", bytes(&xor)),
        ("pairs", pairs(&interleaved)),
        ("birthday spacings", birthday_spacings(&interleaved)),
    ]
}

/// The sum of squares of the correlations of neighbours, and how many are beyond three standard deviations.
fn correlations(outputs: &Outputs) -> (f64, f64) {
    const BEYOND_THREE: f64 = 0.002_699_8;
    let unit = |x: &u64| (x >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
    let z = |a: &[u64], b: &[u64]| {
        let product: f64 = a.iter().zip(b).map(|(a, b)| unit(a) * unit(b)).sum();
        product * 12.0 / (a.len() as f64).sqrt()
    };
    let all: Vec<f64> = outputs.windows(2).map(|pair| z(&pair[0], &pair[1])).collect();
    let expected = all.len() as f64 * BEYOND_THREE;
    let beyond = all.iter().filter(|z| z.abs() > 3.0).count() as f64;
    (deviation(all.iter().map(|z| z * z).sum(), all.len() as f64), (beyond - expected) / expected.sqrt())
}

/// How often each bit is set.
fn bits(words: &[u64]) -> f64 {
    let n = words.len() as f64;
    let z = |bit: u32| {
        let ones = words.iter().filter(|&&word| word >> bit & 1 == 1).count() as f64;
        (ones - n / 2.0) / (n / 4.0).sqrt()
    };
    deviation((0..64).map(|bit| z(bit).powi(2)).sum(), 64.0)
}

/// How often each number of bits is set, from 22 to 42.
fn weights(words: &[u64]) -> f64 {
    let mut counts = [0_u64; 21];
    for word in words {
        counts[word.count_ones().clamp(22, 42) as usize - 22] += 1;
    }
    let mut binomial = vec![1.0_f64 / 2.0_f64.powi(64)];
    (1..=64).for_each(|k| binomial.push(binomial[k - 1] * (65 - k) as f64 / k as f64));
    let mut expected = binomial[22..=42].to_vec();
    expected[0] = binomial[..=22].iter().sum();
    expected[20] = binomial[42..].iter().sum();
    let expected: Vec<f64> = expected.iter().map(|probability| probability * words.len() as f64).collect();
    chi_squared(&counts, &expected)
}

fn bytes(words: &[u64]) -> f64 {
    let mut counts = [0; 256];
    words.iter().flat_map(|word| word.to_le_bytes()).for_each(|byte| counts[usize::from(byte)] += 1);
    chi_squared(&counts, &[words.len() as f64 / 32.0; 256])
}

/// The highest four bits of each word beside those of the next.
fn pairs(words: &[u64]) -> f64 {
    let mut counts = [0; 256];
    for pair in words.chunks_exact(2) {
        let [high, low] = [pair[0], pair[1]].map(|word| usize::from((word >> 60) as u8));
        counts[high << 4 | low] += 1;
    }
    chi_squared(&counts, &[(words.len() / 2) as f64 / 256.0; 256])
}

/// Marsaglia's test: among 4096 days of a year of 2³² days, four spacings are expected to occur again.
fn birthday_spacings(words: &[u64]) -> f64 {
    const DAYS: usize = 4096;
    let (mut repeated, mut expected) = (0.0, 0.0);
    for shift in [0, 32] {
        for words in words.chunks_exact(DAYS) {
            let mut days: Vec<u32> = words.iter().map(|word| (word >> shift & 0xffff_ffff) as u32).collect();
            days.sort_unstable();
            let mut spacings: Vec<u32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
            spacings.sort_unstable();
            repeated += spacings.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64;
            expected += 4.0;
        }
    }
    (repeated - expected) / f64::sqrt(expected)
}

fn chi_squared(counts: &[u64], expected: &[f64]) -> f64 {
    let squares = counts.iter().zip(expected).map(|(&count, expected)| (count as f64 - expected).powi(2) / expected);
    deviation(squares.sum(), counts.len() as f64 - 1.0)
}

/// A χ² in standard deviations, by Wilson and Hilferty.
fn deviation(chi_squared: f64, freedom: f64) -> f64 {
    let variance = 2.0 / (9.0 * freedom);
    ((chi_squared / freedom).cbrt() - (1.0 - variance)) / variance.sqrt()
}

fn print_costs() {
    let time = |what: &str, n: u32, work: &mut dyn FnMut()| {
        println!("{what}: {:.1} ns", best(|| (0..n).for_each(|_| work())) * 1e9 / f64::from(n));
    };
    let point = Identity::of(&Point::default());
    time("identity of two parameters", 100_000, &mut || _ = black_box(Identity::of(&black_box(Point::default()))));
    time("making a stream", 100_000, &mut || _ = black_box(Stream::new(7, black_box(point), &[("trial", 3)], "")));
    let mut stream = Stream::new(7, point, &[], "");
    time("a number of 64 bits", 10_000_000, &mut || _ = black_box(stream.next_u64()));
    let runs = |what: &str, n_runs: usize, ask: fn(&mut Run) -> u64| {
        let took = best(|| {
            let exploration = Exploration::single().repeat("trial", n_runs);
            let experiment = |_: &Point, run: &mut Run| ask(run);
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let environment = Environment::new(folder.path().join("cost.h5")).serial();
            environment.run_with("cost", exploration, experiment).expect("the runs succeed");
        });
        println!("a run that {what}: {:.0} ns", took * 1e9 / n_runs as f64);
    };
    runs("asks for no stream", 500_000, |run| run.index() as u64);
    runs("draws one number", 500_000, |run| run.rng().next_u64());
    let draw = |_: &Point, run: &mut Run| {
        time("asking a run for its stream and a number", 10_000_000, &mut || _ = black_box(run.rng().next_u64()));
    };
    Environment::in_memory().run_with("draw", Exploration::single(), draw).expect("the run succeeds");
}

/// Seconds of the fastest of ten times, since other programs only slow one down.
fn best(mut work: impl FnMut()) -> f64 {
    let times = (0..10).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
