//! Tables of runs, of a whole trajectory, and of the runs themselves.

mod common;

use std::path::Path;
use std::time::Duration;

use pypet::prelude::*;
use pypet::trajectory::MergeOptions;
use pypet::value::ElementType;
use serde::{Deserialize, Serialize};

#[parameters]
struct Cell {
    /// The input.
    #[param(default = 0, unit = "nA")]
    input: u32,
}

#[results]
struct Activity {
    /// Spikes per run.
    n_spikes: u64,
    #[result(group)]
    spikes: Table,
}

fn spikes(n: u32) -> Table {
    let table = Table::new()
        .with("time", (0..n).map(f64::from))
        .with_column_unit("time", "ms")
        .with_column_comment("time", "since the stimulus")
        .with("neuron", (0..n).map(|i| 10 * n + i));
    if n == 2 { table.with("only_here", ["a", "\0,\"\n"].map(String::from)) } else { table }
}

#[experiment(finish = summarize)]
fn fire(p: &Cell, run: &mut Run) -> Result<Activity, String> {
    if p.input == 3 {
        return Err("too much".into());
    }
    run.add_group("more.waits", Table::new().with("wait", [Duration::from_millis(p.input.into()); 2]));
    Ok(Activity { n_spikes: p.input.into(), spikes: spikes(p.input) })
}

/// Every kind of column.
fn summary() -> Table {
    Table::new()
        .with("count", [i64::MIN, 0, i64::MAX])
        .with("small", [0_u8, 1, 255])
        .with("mean", [f64::NAN, f64::NEG_INFINITY, -0.0])
        .with_column_unit("mean", "mV")
        .with_column_comment("mean", "over \"all\" runs,\nand more")
        .with("is_good", [true, false, true])
        .with("word", ["", "a,b", "\0 ü\n\"quoted\""].map(String::from))
        .with("maybe", [Some(f64::NAN), None, Some(1.5)])
        .with("maybe_count", [None, Some(u64::MAX), Some(0)])
        .with("maybe_word", [None, Some(String::new()), Some("x".to_owned())])
        .with("wide", [u128::MAX, 0, 1])
        .with("span", [Duration::ZERO, Duration::from_nanos(1), Duration::from_hours(1)])
        .with("point", [[1.0_f32, 2.0], [3.0, 4.0], [f32::NAN, 6.0]])
        .with("matrix", [[[1_i16; 2]; 3], [[2; 2]; 3], [[3; 2]; 3]])
        .with("pair", [(1_u8, "x".to_owned()), (2, "y".to_owned()), (3, String::new())])
}

fn summarize(traj: &mut Trajectory<fire>) -> pypet::Result<()> {
    let runs = traj.run_table()?;
    traj.add_group("summary", summary())?;
    traj.add_group("below.runs", runs)?;
    traj.add_group("empty", Table::new().with("nothing", Vec::<f64>::new()))
}

fn with_study<T>(test: impl FnOnce(&Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        Environment::new(file).with_threads(2).run::<fire>(Cell::names().input.over([0, 3, 2, 5])).unwrap();
        test(file)
    })
}

fn check_tables(traj: &Trajectory<fire>) {
    let any = traj.any();
    let found = any.table("results.summary").unwrap();
    assert_eq!(found, summary());
    assert_eq!(found.column::<Option<u64>>("maybe_count").unwrap(), [None, Some(u64::MAX), Some(0)]);
    assert_eq!(found.column::<Duration>("span").unwrap()[2], Duration::from_hours(1));
    assert_eq!(found.column::<[[i16; 2]; 3]>("matrix").unwrap()[1], [[2; 2]; 3]);
    assert_eq!(found.column::<u64>("small").unwrap(), [0, 1, 255], "numbers are read as wider ones");
    assert_eq!(any.run(0).unwrap().table("summary").unwrap(), summary());
    let empty = any.table("empty").unwrap();
    assert_eq!((empty.n_rows(), empty.names().collect::<Vec<_>>()), (0, vec!["nothing"]));

    assert_eq!(traj.run(2).unwrap().table("spikes").unwrap(), spikes(2));
    assert_eq!(any.run(2).unwrap().table("spikes").unwrap(), spikes(2));
    assert_eq!(any.table("results.r_3.spikes").unwrap(), spikes(5));
    let waits = any.run(2).unwrap().table("waits").unwrap();
    assert_eq!(waits.column::<Duration>("wait").unwrap(), [Duration::from_millis(2); 2]);

    let all = any.table("spikes").unwrap();
    assert_eq!(all.names().collect::<Vec<_>>(), ["run", "time", "neuron", "only_here"]);
    assert_eq!(all.column::<u64>("run").unwrap(), [2, 2, 3, 3, 3, 3, 3]);
    assert_eq!(all.column::<u32>("neuron").unwrap(), [20, 21, 50, 51, 52, 53, 54]);
    assert_eq!(all.column::<String>("only_here").unwrap()[..3], ["a", "\0,\"\n", ""]);
    let time = all.columns().find(|leaf| leaf.name == "time").unwrap();
    assert_eq!((&*time.unit, &*time.comment), ("ms", "since the stimulus"));

    let runs = traj.run_table().unwrap();
    assert_eq!(runs.names().collect::<Vec<_>>(), ["run", "input", "n_spikes", "status"]);
    assert_eq!(runs.column::<u32>("input").unwrap(), [0, 3, 2, 5]);
    assert_eq!(runs.column::<String>("status").unwrap(), ["done", "failed", "done", "done"]);
    let input = runs.columns().nth(1).unwrap();
    assert_eq!((&*input.unit, &*input.comment), ("nA", "The input."));
    assert_eq!(any.table("below.runs").unwrap(), runs);
}

#[test]
fn tables_of_runs_and_of_the_whole_come_back_as_they_were() {
    let points = || Cell::names().input.over([0, 3, 2, 5]);
    check_tables(&Environment::in_memory().run::<fire>(points()).unwrap());
    with_study(|file| check_tables(&Trajectory::open(file).unwrap()));
}

#[test]
fn a_table_is_told_from_what_is_none() {
    with_study(|file| {
        let any = AnyTrajectory::open(file).unwrap();
        let error = any.table("n_spikes").unwrap_err().to_string();
        assert!(error.contains("`results.n_spikes` is a value"), "{error}");
        let error = any.get_group::<Table>("spikes").unwrap_err().to_string();
        assert!(error.contains("each run has a group `results.spikes`"), "{error}");
        let error = any.run(1).unwrap().table("spikes").unwrap_err().to_string();
        assert!(error.contains("run 1 has no results"), "{error}");
        let error = any.table("results.below").unwrap_err().to_string();
        assert!(error.contains("in it there is `results.below.runs`"), "{error}");
        let error = format!("{:?}", any.table("config.environment").unwrap_err());
        assert!(error.contains("Rows"), "{error}");
        let error = any.table("spike").unwrap_err().to_string();
        assert!(error.contains("did you mean"), "{error}");
    });
}

#[test]
fn stored_trajectories_take_tables_once() {
    with_study(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.add_group("later.table", summary()).unwrap().set_comment("later.table", "made later").unwrap();
        let again = edit.add_group("later.table", summary()).unwrap_err().to_string();
        assert!(again.contains("later.table` already"), "{again}");
        assert!(edit.add_group("spikes", summary()).is_err());
        assert!(edit.add_group("bad", Table::new().with("not a name", [1])).is_err());
        edit.commit().unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!(any.table("later.table").unwrap(), summary());
        assert_eq!(any.get::<Vec<f64>>("later.table.mean").unwrap()[2].to_bits(), (-0.0_f64).to_bits());

        let mut edit = any.edit().unwrap();
        edit.remove("later.table").unwrap().add_group("later.table", Table::new().with("x", [1_u8])).unwrap();
        edit.commit().unwrap();
        assert_eq!(AnyTrajectory::open(file).unwrap().table("later.table").unwrap().n_rows(), 1);

        let mut edit = TrajectoryEditor::open(file).unwrap();
        let ragged = Table::new().with("x", [vec![1.0], vec![]]);
        edit.add_group("ragged", ragged).unwrap();
        let error = format!("{:?}", edit.commit().unwrap_err());
        assert!(error.contains("differ in shape"), "{error}");
        assert!(!AnyTrajectory::open(file).unwrap().contains("ragged"));

        // What is left of earlier post-processing is replaced.
        let mut traj = Trajectory::<fire>::open(file).unwrap();
        traj.add_group("summary", Table::new().with("x", [0.5])).unwrap();
        assert!(traj.add_group("summary", Table::new()).is_err(), "not twice at once");
        assert!(traj.add_group("spikes", Table::new()).is_err(), "not in place of what runs left");
        traj.store().unwrap();
        assert_eq!(traj.any().table("summary").unwrap().names().collect::<Vec<_>>(), ["x"]);
    });
}

#[test]
fn joined_trajectories_keep_the_columns_of_a_table_together() {
    common::with_trajectory_file(|file| {
        let file_of = |name: &str, input: u32, table: Table| {
            let part = file.with_file_name(name);
            let mut traj = Environment::new(&part).run::<fire>(Cell::names().input.over([input])).unwrap();
            traj.add_group("found", table).unwrap();
            traj.store().unwrap();
            part
        };
        let found = |n: u32| Table::new().with("same", [1, 2]).with("differs", [n, n]);
        let shorter = Table::new().with("same", [1]).with("differs", [0_u32]);
        let parts = [file_of("a.h5", 1, found(1)), file_of("b.h5", 2, found(2)), file_of("c.h5", 4, shorter.clone())];
        pypet::merge(file, &parts, &MergeOptions::default()).unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        let tables = ["found", "found_2", "found_3"].map(|name| any.table(&format!("results.{name}")).unwrap());
        assert_eq!(tables, [found(1), found(2), shorter]);
        assert_eq!(any.table("results.summary").unwrap(), summary());
        assert!(!any.contains("results.summary_2"), "what is the same is there once");
        assert_eq!(any.table("spikes").unwrap().n_rows(), 7);

        let again = file.with_file_name("again.h5");
        pypet::merge(&again, [file, &parts[0]], &MergeOptions::default()).unwrap();
        assert!(!AnyTrajectory::open(&again).unwrap().contains("results.found_4"));
    });
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    count: i32,
    mean: f32,
    maybe: Option<f64>,
    flag: Option<bool>,
    never: Option<String>,
    list: Vec<u16>,
    kind: Kind,
    shape: Shape,
    nested: Option<(u8, char)>,
    wide: i128,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Even,
    Odd,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Disc(f64),
    Box { width: f32, height: f32 },
}

#[test]
fn rows_of_structs_become_columns_and_rows_again() {
    let row = |i: i32| Row {
        name: format!("\0{i}\""),
        count: -i,
        mean: 0.1 * i as f32,
        maybe: (i != 1).then_some(f64::INFINITY),
        flag: (i > 1).then_some(i == 2),
        never: None,
        list: vec![7; usize::try_from(i).unwrap()],
        kind: if i % 2 == 0 { Kind::Even } else { Kind::Odd },
        shape: if i == 0 { Shape::Disc(0.5) } else { Shape::Box { width: 1.0, height: f32::INFINITY } },
        nested: (i == 2).then_some((9, 'ß')),
        wide: i128::MIN + i128::from(i),
    };
    let rows: Vec<Row> = (0..4).map(row).collect();
    let table = Table::from_rows(&rows).unwrap();
    assert_eq!(table.column::<i32>("count").unwrap(), [0, -1, -2, -3]);
    assert_eq!(table.types().nth(2).unwrap().element, ElementType::F32);
    assert_eq!(table.column::<Option<f64>>("maybe").unwrap()[..2], [Some(f64::INFINITY), None]);
    assert!(table.names().all(|name| name != "never"), "what no row has is no column");
    assert_eq!(table.to_rows::<Row>().unwrap(), rows);
    with_study(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.add_group("rows", table).unwrap();
        edit.commit().unwrap();
        let read = AnyTrajectory::open(file).unwrap().table("rows").unwrap();
        assert_eq!(read.to_rows::<Row>().unwrap(), rows);
    });
}

#[test]
fn rows_that_form_no_table_are_told() {
    let error = Table::from_rows([1, 2]).unwrap_err().to_string();
    assert!(error.contains("row 0") && error.contains("a row is a struct"), "{error}");
    let rows = [serde_json::json!({"a": 1}), serde_json::json!({"a": 1.5})];
    let error = Table::from_rows(rows).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("`a` is `f64`"), "{error}");
    let error = Table::from_rows([serde_json::json!({"a": 1}), serde_json::json!({})]).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("`a` is missing"), "{error}");
    let error = Table::new().with("a", ["x".to_owned()]).to_rows::<Row>().unwrap_err().to_string();
    assert!(error.contains("row 0"), "{error}");
}

#[test]
fn a_long_table_prints_its_first_rows() {
    let table =
        Table::new().with("x", 0..1000).with_column_unit("x", "ms").with("word", vec!["a\x1b[0m".to_owned(); 1000]);
    let text = table.to_string();
    assert!(text.starts_with("x (ms)  word\n0       a [0m\n"), "{text}");
    assert!(text.ends_with("… 980 more rows\n"), "{text}");
    assert_eq!(Table::new().to_string().trim(), "");
}
