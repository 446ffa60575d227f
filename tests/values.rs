//! Every kind of value comes back to the bit: as preset, as explored parameter and as result, from a file and from
//! memory.

#![expect(clippy::ptr_arg, reason = "the same tests take every kind, pointers too")]

mod common;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use num_complex::Complex;
use proptest::collection::{btree_map, hash_map, vec};
use proptest::prelude::*;
use pypet::prelude::*;
use pypet::value::Cbor;
use serde::{Deserialize, Serialize};
use sprs::CsMat;
use uom::si::f64::Time;
use uom::si::time::second;

/// Parameters and results of one type, and an experiment that hands the parameter on; `$bits` shows every bit.
macro_rules! kinds {
    ($($kind:ident: $type:ty = $default:expr, $strategy:expr $(, $bits:expr)?;)*) => { $(
        mod $kind {
            use super::*;

            #[parameters]
            pub(super) struct Given {
                #[param(default = $default)]
                pub(super) preset: $type,
                #[param(default = $default)]
                pub(super) explored: $type,
            }

            #[results]
            pub(super) struct Found {
                pub(super) value: $type,
            }

            #[experiment]
            pub(super) fn echo(p: &Given, run: &mut Run) -> Found {
                run.add_result("added", p.preset.clone());
                Found { value: p.explored.clone() }
            }

            fn check(traj: &Trajectory<echo>, preset: &$type, values: &[$type]) {
                let bits = |value: &$type| { $(let value = ($bits)(value);)? value.clone() };
                let name = Found::names().value;
                assert_eq!(bits(&traj.presets().preset), bits(preset), "preset");
                for (run, value) in traj.runs().zip(values) {
                    assert_eq!(bits(&run.parameters().unwrap().explored), bits(value), "explored");
                    assert_eq!(bits(&run.get(name).unwrap()), bits(value), "result");
                    assert_eq!(bits(&run.get_added::<$type>("added").unwrap()), bits(preset), "added result");
                }
            }

            proptest! {
                #![proptest_config(ProptestConfig {
                    cases: 12, failure_persistence: None, ..ProptestConfig::default()
                })]

                #[test]
                fn comes_back(preset in $strategy, values in vec($strategy, 1..5)) {
                    let exploration = || Given::names().explored.over(values.clone());
                    let given = || Given { preset: preset.clone(), ..default() };
                    common::with_trajectory_file(|file| {
                        Environment::new(file).serial().with_parameters(given()).run::<echo>(exploration()).unwrap();
                        check(&Trajectory::open(file).unwrap(), &preset, &values);
                    });
                    let memory = Environment::in_memory().serial().with_parameters(given());
                    check(&memory.run::<echo>(exploration()).unwrap(), &preset, &values);
                }
            }
        }
    )* };
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<f64>(),
        prop::sample::select(vec![0.0, -0.0, f64::NAN, -f64::NAN, f64::INFINITY, 5e-324, f64::MAX]),
    ]
}

fn single() -> impl Strategy<Value = f32> {
    prop_oneof![any::<u32>().prop_map(f32::from_bits), any::<f32>()]
}

fn complex() -> impl Strategy<Value = Complex<f64>> {
    (double(), double()).prop_map(|(re, im)| Complex::new(re, im))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,20}", "[\0a\u{10FFFF}01\"\\\\,\\[\\]\n ]{0,12}", Just("long ".repeat(5000))]
}

/// JSON knows one NaN only.
fn number() -> impl Strategy<Value = f64> {
    any::<f64>()
}

fn duration() -> impl Strategy<Value = Duration> {
    (0..i64::MAX as u64).prop_map(Duration::from_nanos)
}

/// What 64 bits of nanoseconds reach.
fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(|nanoseconds| Timestamp::from_nanosecond(nanoseconds.into()).unwrap())
}

fn complex_bits(value: &Complex<f64>) -> [u64; 2] {
    [value.re, value.im].map(f64::to_bits)
}

#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
enum Method {
    Euler,
    RungeKutta,
}

fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::Euler, Method::RungeKutta])
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ParamValue)]
#[param(serde)]
enum Stimulus {
    Off,
    Step(f64),
    Ramp { from: i128, to: Option<String> },
}

fn stimulus() -> impl Strategy<Value = Stimulus> {
    prop_oneof![
        Just(Stimulus::Off),
        number().prop_map(Stimulus::Step),
        (any::<i128>(), prop::option::of(text())).prop_map(|(from, to)| Stimulus::Ramp { from, to }),
    ]
}

/// What a configuration may look like: anything inside anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Nothing,
    Truth(bool),
    Number(f64),
    Single(f32),
    Signed(i128),
    Unsigned { value: u128 },
    Text(String, char),
    Maybe(Option<Box<Tree>>),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let word = || prop_oneof!["\\PC{0,8}", "[\0\u{10FFFF}\"\\\\/\u{2028}\n .$]{0,6}"];
    let double = prop_oneof![any::<f64>(), prop::sample::select(vec![f64::NAN, f64::INFINITY, -f64::INFINITY, -0.0])];
    let leaf = prop_oneof![
        Just(Tree::Nothing),
        any::<bool>().prop_map(Tree::Truth),
        double.prop_map(Tree::Number),
        any::<f32>().prop_map(Tree::Single),
        prop_oneof![any::<i128>(), Just(i128::MIN), Just(i128::from(i64::MIN) - 1)].prop_map(Tree::Signed),
        prop_oneof![any::<u128>(), Just(u128::MAX)].prop_map(|value| Tree::Unsigned { value }),
        (word(), any::<char>()).prop_map(|(text, end)| Tree::Text(text, end)),
        Just(Tree::Maybe(None)),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|tree| Tree::Maybe(Some(Box::new(tree)))),
            vec(inner.clone(), 0..4).prop_map(Tree::List),
            btree_map(word(), inner, 0..4).prop_map(Tree::Map),
        ]
    })
}

/// Tells `-0.0` from `0.0`, and NaN equals NaN.
fn spelled(tree: &Tree) -> String {
    format!("{tree:?}")
}

#[derive(Debug, Clone, PartialEq, ParamValue)]
struct Millivolt(f64);

#[derive(Debug, Clone, PartialEq, ParamValue)]
#[param(as = Vec<String>)]
struct Path(String);

impl From<Path> for Vec<String> {
    fn from(path: Path) -> Self {
        path.0.split('/').map(ToOwned::to_owned).collect()
    }
}

impl TryFrom<Vec<String>> for Path {
    type Error = &'static str;

    fn try_from(parts: Vec<String>) -> Result<Self, Self::Error> {
        if parts.is_empty() { Err("a path has a part") } else { Ok(Self(parts.join("/"))) }
    }
}

kinds! {
    f_64: f64 = 0.0, double(), |value: &f64| value.to_bits();
    f_32: f32 = 0.0, single(), |value: &f32| value.to_bits();
    i_8: i8 = 0, any::<i8>();
    i_16: i16 = 0, any::<i16>();
    i_32: i32 = 0, any::<i32>();
    i_64: i64 = 0, any::<i64>();
    u_8: u8 = 0, any::<u8>();
    u_16: u16 = 0, any::<u16>();
    u_32: u32 = 0, any::<u32>();
    u_64: u64 = 0, any::<u64>();
    size: usize = 0, any::<usize>();
    signed_size: isize = 0, any::<isize>();
    i_128: i128 = 0, any::<i128>();
    u_128: u128 = 0, any::<u128>();
    non_zero: NonZero<u32> = NonZero::<u32>::MIN, (1..=u32::MAX).prop_map(|n| NonZero::new(n).unwrap());
    boolean: bool = false, any::<bool>();
    character: char = 'x', any::<char>();
    string: String = String::new(), text();
    choice: Method = Method::Euler, method();
    complex_32: Complex<f32> = Complex::default(), (single(), single()).prop_map(|(re, im)| Complex::new(re, im)),
        |value: &Complex<f32>| [value.re, value.im].map(f32::to_bits);
    complex_64: Complex<f64> = Complex::default(), complex(), complex_bits;
    span: Duration = Duration::ZERO, duration();
    system_time: SystemTime = SystemTime::UNIX_EPOCH, any::<i64>().prop_map(|nanoseconds| {
        let span = Duration::from_nanos(nanoseconds.unsigned_abs());
        if nanoseconds < 0 { SystemTime::UNIX_EPOCH - span } else { SystemTime::UNIX_EPOCH + span }
    });
    timestamp: Timestamp = Timestamp::UNIX_EPOCH, timestamp();
    timestamps: Vec<Timestamp> = vec![], vec(timestamp(), 0..4);
    optional_f_64: Option<f64> = None, prop::option::of(double()), |value: &Option<f64>| value.map(f64::to_bits);
    optional_f_32: Option<f32> = None, prop::option::of(single()), |value: &Option<f32>| value.map(f32::to_bits);
    optional_boolean: Option<bool> = None, any::<Option<bool>>();
    optional_character: Option<char> = None, any::<Option<char>>();
    optional_u_128: Option<u128> = None, any::<Option<u128>>();
    optional_i_64: Option<i64> = None, prop::option::of(any::<i64>());
    optional_text: Option<String> = None, prop::option::of(text());
    optional_choice: Option<Method> = None, prop::option::of(method());
    optional_complex: Option<Complex<f64>> = None, prop::option::of(complex()),
        |value: &Option<Complex<f64>>| value.as_ref().map(complex_bits);
    list: Vec<f64> = vec![], vec(double(), 0..9),
        |value: &Vec<f64>| value.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    bytes: Vec<u8> = vec![], vec(any::<u8>(), 0..30);
    truths: Vec<bool> = vec![], vec(any::<bool>(), 0..9);
    characters: Vec<char> = vec![], vec(any::<char>(), 0..5);
    complexes: Vec<Complex<f64>> = vec![], vec(complex(), 0..4),
        |value: &Vec<Complex<f64>>| value.iter().map(complex_bits).collect::<Vec<_>>();
    spans: Vec<Duration> = vec![], vec(duration(), 0..4);
    choices: [Method; 2] = [Method::Euler; 2], [method(), method()];
    fixed_texts: [String; 2] = default(), [text(), text()];
    texts: Vec<String> = vec![], vec(text(), 0..4);
    options: Vec<Option<u8>> = vec![], vec(any::<Option<u8>>(), 0..4);
    points: Vec<[i32; 3]> = vec![], vec(any::<[i32; 3]>(), 0..5);
    nested_arrays: [[u16; 2]; 3] = [[0; 2]; 3], any::<[[u16; 2]; 3]>();
    empty_array: [[f64; 0]; 2] = [[]; 2], Just([[]; 2]);
    matrix: Array2<i16> = Array2::zeros((0, 0)), (0..4_usize, 0..4_usize).prop_flat_map(|(n, m)| {
        vec(any::<i16>(), n * m).prop_map(move |all| Array2::from_shape_vec((n, m), all).unwrap())
    });
    single_element: ndarray::Array0<f64> = ndarray::arr0(0.0), double().prop_map(ndarray::arr0),
        |value: &ndarray::Array0<f64>| value.mapv(f64::to_bits);
    cube: Array3<f32> = Array3::zeros((0, 1, 2)), (0..3_usize, 0..3_usize, 0..3_usize).prop_flat_map(|shape| {
        let n = shape.0 * shape.1 * shape.2;
        vec(single(), n).prop_map(move |all| Array3::from_shape_vec(shape, all).unwrap())
    }), |value: &Array3<f32>| value.mapv(f32::to_bits);
    text_array: Array1<String> = Array1::default(0), vec(text(), 0..3).prop_map(Array1::from);
    lists: Vec<Vec<f64>> = vec![], vec(vec(number(), 0..4), 0..4);
    pair: (f64, String) = (0.0, String::new()), (number(), text());
    four: (i8, Option<bool>, char, [u8; 2]) = (0, None, 'x', [0; 2]), any::<(i8, Option<bool>, char, [u8; 2])>();
    map: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new(),
        btree_map(text(), btree_map("[a-z]{0,3}", any::<i64>(), 0..3), 0..3);
    hash: HashMap<String, u128> = HashMap::new(), hash_map("[a-z.$]{0,5}", any::<u128>(), 0..5);
    json: Json<Tree> = Json(Tree::Nothing), tree().prop_map(Json), |value: &Json<Tree>| spelled(&value.0);
    cbor: Cbor<Tree> = Cbor(Tree::Nothing), tree().prop_map(Cbor), |value: &Cbor<Tree>| spelled(&value.0);
    json_map: Json<BTreeMap<String, Option<Vec<i128>>>> = Json(BTreeMap::new()),
        btree_map(text(), prop::option::of(vec(any::<i128>(), 0..3)), 0..3).prop_map(Json);
    cbor_bytes: Cbor<(Vec<u8>, Option<()>)> = Cbor((vec![], None)),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Cbor((bytes, None)));
    stimuli: Stimulus = Stimulus::Off, stimulus();
    newtype: Millivolt = Millivolt(0.0), double().prop_map(Millivolt), |value: &Millivolt| value.0.to_bits();
    half_float: half::f16 = half::f16::ZERO, any::<u16>().prop_map(half::f16::from_bits),
        |value: &half::f16| value.to_bits();
    quantity: Time = Time::default(), double().prop_map(Time::new::<second>), |value: &Time| value.value.to_bits();
    optional_quantity: Option<Time> = None, prop::option::of(double().prop_map(Time::new::<second>)),
        |value: &Option<Time>| value.map(|time| time.value.to_bits());
    quantities: Vec<Time> = vec![], vec(any::<f64>().prop_map(Time::new::<second>), 0..3);
    boxed: Box<f64> = Box::new(0.0), double().prop_map(Box::new), |value: &f64| value.to_bits();
    boxed_list: Box<[[i8; 2]]> = Box::default(), vec(any::<[i8; 2]>(), 0..4).prop_map(Vec::into_boxed_slice);
    boxed_text: Box<str> = Box::default(), text().prop_map(String::into_boxed_str);
    shared: Arc<Array2<u16>> = Arc::new(Array2::zeros((0, 0))), (0..3_usize, any::<u16>())
        .prop_map(|(n, x)| Arc::new(Array2::from_elem((n, 2), x)));
    shared_list: Arc<[String]> = Arc::from([]), vec(text(), 0..3).prop_map(Arc::<[String]>::from);
    shared_text: Arc<str> = "".into(), text().prop_map(Arc::<str>::from);
    borrowed: Cow<'static, str> = "".into(), prop_oneof![text().prop_map(Cow::Owned), Just(Cow::Borrowed("x"))];
    borrowed_texts: Vec<Cow<'static, str>> = vec![], vec(text().prop_map(Cow::Owned), 0..3);
    path: Path = Path(String::new()), "[a-z]{0,3}(/[a-z]{0,3}){0,3}".prop_map(Path);
}

/// What only serde knows about, field by field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Event {
    at: f64,
    who: Option<u64>,
    tags: HashMap<String, Vec<i128>>,
}

fn event() -> Event {
    Event { at: f64::INFINITY, who: Some(u64::MAX), tags: HashMap::from([("ä\0".into(), vec![i128::MIN])]) }
}

#[parameters]
struct Script {
    /// What happens first.
    #[param(serde, default = event())]
    first: Event,
    #[param(derived = self.first.tags.len())]
    n_tags: usize,
}

#[results]
struct Log {
    /// Everything that happened.
    #[result(serde)]
    events: Vec<Event>,
}

#[experiment]
fn play(p: &Script, run: &mut Run) -> Log {
    Log { events: vec![p.first.clone(); run.index()] }
}

#[test]
fn a_field_may_be_of_any_type_that_serde_knows() {
    common::with_trajectory_file(|file| {
        let later = Event { at: f64::NAN, who: None, tags: HashMap::new() };
        let exploration = Script::names().first.over([event(), later].map(Json));
        Environment::new(file).serial().run::<play>(exploration).unwrap();
        let traj = Trajectory::<play>::open(file).unwrap();
        let last = traj.run(1).unwrap();
        assert!(last.parameters().unwrap().first.at.is_nan());
        assert_eq!((traj.presets().n_tags, last.parameters().unwrap().n_tags), (1, 0));
        assert_eq!(traj.get(Log::names().events, 0).unwrap().0, []);
        assert_eq!(traj.get(Log::names().events, 1).unwrap().len(), 1);
        assert_eq!(*traj.presets(), Script::default());
    });
}

#[test]
fn the_command_line_takes_json() {
    let mut script = Script::default();
    pypet::parameter::set_from_text(&mut script, "first", r#"{"at": 1, "who": null, "tags": {"a": [1]}}"#).unwrap();
    assert_eq!(script.first, Event { at: 1.0, who: None, tags: HashMap::from([("a".into(), vec![1])]) });
    let error = pypet::parameter::set_from_text(&mut script, "first", r#"{"at": 1}"#).unwrap_err();
    assert!(format!("{error:?}").contains("missing field `tags`"), "{error:?}");
}

#[test]
fn a_type_that_the_program_no_longer_knows_is_read_as_what_it_is_stored_as() {
    common::with_trajectory_file(|file| {
        let path = Path("a/b".into());
        Environment::new(file).serial().run::<path::echo>(path::Given::names().explored.over([path])).unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!(any.get::<Vec<Vec<String>>>("results.value").ok(), None);
        let parts: ndarray::Array2<String> = any.get("results.value").unwrap();
        assert_eq!(parts, ndarray::array![["a", "b"]]);
    });
    common::with_trajectory_file(|file| {
        let exploration = stimuli::Given::names().explored.over([Stimulus::Step(2.0)]);
        Environment::new(file).serial().run::<stimuli::echo>(exploration).unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!(any.get::<String>("par.preset").unwrap(), r#""Off""#);
        assert_eq!(any.get::<Vec<String>>("results.value").unwrap(), [r#"{"Step": 2.0}"#]);
        let kind = &any.node("results.value").unwrap().kind;
        assert!(format!("{kind:?}").contains("values::Stimulus"), "{kind:?}");
    });
}

#[test]
fn what_cannot_be_stored_without_loss_is_refused_before_the_first_run() {
    common::with_trajectory_file(|file| {
        let exploration = || span::Given::names().explored.over([Duration::ZERO, Duration::MAX]);
        let error = Environment::new(file).run::<span::echo>(exploration()).unwrap_err();
        assert!(error.to_string().contains("`explored` cannot be stored"), "{error}");
        let error = Environment::in_memory().run::<span::echo>(exploration()).unwrap_err();
        assert!(error.to_string().contains("`explored` cannot be stored"), "{error}");
        // R's `NA` stands for a missing number, so as a number it would come back as none.
        let missing = f64::from_bits(0x7ff0_0000_0000_07a2);
        let exploration = optional_f_64::Given::names().explored.over([Some(missing)]);
        let error = Environment::new(file).run::<optional_f_64::echo>(exploration).unwrap_err();
        assert!(error.to_string().contains("stands for `None`"), "{error}");
    });
}

#[parameters]
struct Run0 {
    #[param(default = 0)]
    n: usize,
    #[param(serde = "cbor", default = vec![(0.0, None)])]
    seen: Vec<(f64, Option<String>)>,
}

#[results]
#[derive(Debug, PartialEq)]
struct Groups {
    before: u8,
    /// As many rows as the run has.
    #[result(group)]
    table: Table,
    #[result(group)]
    matrix: CsMat<f64>,
    after: u8,
}

fn groups(n: usize) -> Groups {
    let mut table = Table::new().with("time", (0..n).map(|i| i as f64).collect::<Vec<_>>());
    table = table.with("name", (0..n).map(|i| format!("\0{i}")).collect::<Vec<_>>());
    if n == 3 {
        table = table.with("only_here", [Some(true), None, Some(false)]);
    }
    let matrix = CsMat::new((n, n), (0..=n).collect(), (0..n).collect(), vec![f64::MIN_POSITIVE; n]);
    Groups { before: 1, table, matrix: if n == 2 { matrix.to_csc() } else { matrix }, after: 2 }
}

#[experiment]
fn make_groups(p: &Run0, run: &mut Run) -> Groups {
    run.add_group("more.rows", Table::new().with("x", vec![u16::try_from(p.n).expect("small"); p.n]));
    groups(p.n)
}

#[test]
fn groups_come_back_with_their_members() {
    let check = |traj: &Trajectory<make_groups>| {
        let r = Groups::names();
        for (run, n) in traj.runs().zip([0, 3, 2, 5]) {
            let expected = groups(n);
            assert_eq!(run.get_group(r.matrix).unwrap(), expected.matrix);
            let table = run.get_group(r.table).unwrap();
            assert_eq!(table.n_rows(), n);
            assert_eq!(table.column::<String>("name").unwrap(), expected.table.column::<String>("name").unwrap());
            assert_eq!(table.names().count(), if n == 3 || n == 0 { 3 } else { 2 });
            if n == 3 {
                assert_eq!(table, expected.table);
            }
            let rows: Table = run.get_added_group("more.rows").unwrap();
            assert_eq!(rows.column::<u16>("x").unwrap(), vec![u16::try_from(n).unwrap(); n]);
            let missing = table.column::<f64>("tiem").unwrap_err();
            assert!(missing.to_string().contains("did you mean `time`"), "{missing}");
            assert_eq!((run.get(r.before).unwrap(), run.get(r.after).unwrap()), (1, 2));
        }
        assert_eq!(traj.presets().seen, [(f64::NEG_INFINITY, Some("\0".into()))]);
    };
    let presets = || Run0 { seen: vec![(f64::NEG_INFINITY, Some("\0".into()))], ..default() };
    let runs = || Run0::names().n.over([0, 3, 2, 5]);
    common::with_trajectory_file(|file| {
        Environment::new(file).with_threads(2).with_parameters(presets()).run::<make_groups>(runs()).unwrap();
        check(&Trajectory::open(file).unwrap());
    });
    check(&Environment::in_memory().with_parameters(presets()).run::<make_groups>(runs()).unwrap());
}
