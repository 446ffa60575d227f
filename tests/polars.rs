//! Tables and data frames of Polars become each other, and data frames are results.

mod common;

use std::time::{Duration, SystemTime};

use num_complex::Complex;
use pypet::polars_core::prelude::*;
use pypet::prelude::*;
use pypet::value::FrameError;

/// Every kind of column that comes back as it was.
fn kinds() -> Table {
    let nan = f64::from_bits(0x7ff8_0000_0000_1234);
    Table::new()
        .with("i8", [i8::MIN, 0, i8::MAX])
        .with("i16", [i16::MIN, 0, i16::MAX])
        .with("i32", [i32::MIN, 0, i32::MAX])
        .with("i64", [i64::MIN, 0, i64::MAX])
        .with("u8", [0, 1, u8::MAX])
        .with("u16", [0, 1, u16::MAX])
        .with("u32", [0, 1, u32::MAX])
        .with("u64", [0, 1, u64::MAX])
        .with("f32", [f32::NAN, -0.0, f32::NEG_INFINITY])
        .with("f64", [nan, -0.0, 5e-324])
        .with("bool", [true, false, true])
        .with("text", ["", "a,\"b\"", "\0ü\n🧠"].map(String::from))
        .with("span", [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1)])
        .with("time", [SystemTime::UNIX_EPOCH - Duration::from_nanos(1); 3])
        .with("maybe_i8", [Some(i8::MIN), None, Some(0)])
        .with("maybe_i16", [Some(i16::MIN), None, Some(0)])
        .with("maybe_i32", [Some(i32::MIN), None, Some(0)])
        .with("maybe_i64", [Some(i64::MIN), None, Some(0)])
        .with("maybe_u8", [Some(u8::MAX), None, Some(0)])
        .with("maybe_u16", [Some(u16::MAX), None, Some(0)])
        .with("maybe_u32", [Some(u32::MAX), None, Some(0)])
        .with("maybe_u64", [Some(u64::MAX), None, Some(0)])
        .with("maybe_f64", [Some(nan), None, Some(1.5)])
        .with("maybe_f32", [Some(f32::NAN), None, Some(-0.0)])
        .with("maybe_bool", [Some(true), None, Some(false)])
        .with("maybe_text", [Some(String::new()), None, Some("\0ü".into())])
        .with("never", [None::<i16>; 3])
        .with("list", [vec![1_i32, 2], vec![], vec![3]])
        .with("truths", [vec![], vec![true], vec![false, true]])
        .with("words", [vec!["a".to_owned()], vec![], vec![String::new(), "\0".into()]])
        .with("gaps", [vec![None, Some(f64::NAN)], vec![], vec![Some(1.0)]])
        .with("spans", [vec![Duration::from_nanos(7)], vec![], vec![Duration::ZERO; 2]])
        .with("matrix", [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]; 3])
        .with("ragged", [Array2::from_elem((2, 1), 7_u8), Array2::zeros((1, 3)), Array2::zeros((1, 1))])
}

#[test]
fn every_kind_of_column_comes_back_from_a_data_frame() {
    let frame = DataFrame::try_from(&kinds()).unwrap();
    let back = Table::try_from(&frame).unwrap();
    assert_eq!(back.names().collect::<Vec<_>>(), kinds().names().collect::<Vec<_>>());
    for name in kinds().names() {
        assert_eq!(back.cells(name).unwrap(), kinds().cells(name).unwrap(), "{name}");
    }
    assert_eq!(back, kinds());

    let kind = |name: &str| frame.column(name).unwrap().dtype().clone();
    assert_eq!(kind("i8"), DataType::Int8);
    assert_eq!(kind("maybe_u64"), DataType::UInt64);
    assert_eq!(kind("never"), DataType::Int16);
    assert_eq!(kind("maybe_bool"), DataType::Boolean);
    assert_eq!(kind("span"), DataType::Duration(TimeUnit::Nanoseconds));
    assert_eq!(kind("time"), DataType::Datetime(TimeUnit::Nanoseconds, None));
    assert_eq!(kind("matrix"), DataType::List(Box::new(DataType::List(Box::new(DataType::Float64)))));
    assert_eq!(kind("spans"), DataType::List(Box::new(DataType::Duration(TimeUnit::Nanoseconds))));

    let part = Table::try_from(&frame.slice(1, 2)).unwrap();
    assert_eq!(part.column::<Vec<i32>>("list").unwrap(), [vec![], vec![3]]);
    assert_eq!(part.column::<Option<u64>>("maybe_u64").unwrap(), [None, Some(0)]);
    assert_eq!(part.column::<Array2<u8>>("ragged").unwrap(), [Array2::<u8>::zeros((1, 3)), Array2::zeros((1, 1))]);
}

#[test]
fn what_is_missing_is_null_and_nan_stays_nan() {
    let frame = DataFrame::try_from(&kinds()).unwrap();
    let maybe = frame.column("maybe_f64").unwrap().f64().unwrap();
    assert!(maybe.get(0).is_some_and(f64::is_nan) && maybe.get(1).is_none());
    assert_eq!(frame.column("f64").unwrap().null_count(), 0);
    let texts = frame.column("maybe_text").unwrap().str().unwrap();
    assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(""), None, Some("\0ü")]);
    let gaps = frame.column("gaps").unwrap().list().unwrap().get_as_series(0).unwrap();
    assert_eq!((gaps.len(), gaps.null_count()), (2, 1));
}

#[test]
fn what_polars_has_no_room_for_is_left_behind() {
    let all_there = Table::new()
        .with("maybe", [Some(1_u16), Some(2)])
        .with("half", [0.5, -0.0].map(half::f16::from_f32))
        .with("letter", ['x', '"'])
        .with_column_unit("half", "mV")
        .with_column_comment("half", "slope");
    let back = Table::try_from(&DataFrame::try_from(&all_there).unwrap()).unwrap();
    assert_eq!(back.column::<u16>("maybe").unwrap(), [1, 2]);
    assert_eq!(back.column::<f32>("half").unwrap(), [0.5, -0.0]);
    assert_eq!(back.column::<String>("letter").unwrap(), ["x", "\""]);
    assert!(back.columns().all(|leaf| leaf.unit.is_empty() && leaf.comment.is_empty()));
}

#[test]
fn empty_tables_are_empty_data_frames() {
    let empty = DataFrame::try_from(&Table::new()).unwrap();
    assert_eq!((empty.shape(), Table::try_from(&empty).unwrap()), ((0, 0), Table::new()));
    let no_rows = Table::new()
        .with("x", Vec::<f64>::new())
        .with("y", Vec::<[i8; 2]>::new())
        .with("z", Vec::<Array2<bool>>::new())
        .with("word", Vec::<String>::new());
    let frame = DataFrame::try_from(&no_rows).unwrap();
    assert_eq!(frame.shape(), (0, 4));
    let back = Table::try_from(&frame).unwrap();
    assert_eq!((back.n_rows(), back.column::<Vec<i8>>("y").unwrap().len()), (0, 0));
    let hollow = Table::new().with("hollow", [Array2::<f32>::zeros((0, 3)), Array2::zeros((0, 3))]);
    let back = Table::try_from(&DataFrame::try_from(&hollow).unwrap()).unwrap();
    assert!(back.column::<Array2<f32>>("hollow").unwrap().iter().all(ndarray::ArrayBase::is_empty));
}

fn frame_of(columns: Vec<Series>) -> DataFrame {
    DataFrame::new_infer_height(columns.into_iter().map(IntoColumn::into_column).collect()).unwrap()
}

#[test]
fn data_frames_of_other_programs_are_understood() {
    let whole = |numbers: &[Option<i64>]| Series::new("numbers".into(), numbers);
    let mut words = Series::new("words".into(), ["a", "b"]);
    words.append(&Series::new("more".into(), [None, Some("c")])).unwrap();
    let numbers = [Some(0), None, Some(1), Some(-1)];
    let frame = frame_of(vec![
        words,
        whole(&numbers).into_duration(TimeUnit::Milliseconds).with_name("spans".into()),
        whole(&[Some(0), Some(2), Some(1), Some(-1)])
            .into_datetime(TimeUnit::Microseconds, None)
            .with_name("times".into()),
        Series::new("days".into(), [0_i32, 1, 2, -1]).into_date(),
    ]);
    let table = Table::try_from(&frame).unwrap();
    assert_eq!(table.column::<Option<String>>("words").unwrap()[1..3], [Some("b".to_owned()), None]);
    assert_eq!(table.column::<Option<i64>>("spans").unwrap(), [Some(0), None, Some(1_000_000), Some(-1_000_000)]);
    assert_eq!(table.column::<SystemTime>("times").unwrap()[3], SystemTime::UNIX_EPOCH - Duration::from_micros(1));
    assert_eq!(table.column::<SystemTime>("days").unwrap()[1], SystemTime::UNIX_EPOCH + Duration::from_hours(24));
    assert_eq!(table.columns().nth(1).unwrap().unit, "ns");
}

#[test]
fn what_cannot_be_converted_is_told_with_the_column() {
    let refused = |table: Table| DataFrame::try_from(&table).unwrap_err().to_string();
    let error = refused(Table::new().with("wide", [i128::MAX]));
    assert!(error.contains("the column `wide` holds 128-bit integers, which no data frame takes"), "{error}");
    assert_eq!(refused(Table::new().with("wide", [None::<u128>])), error);
    assert_eq!(refused(Table::new().with("wide", [vec![1_u128]])), error);
    let error = refused(Table::new().with("z", [Complex::new(1.0, 2.0)]));
    assert!(error.contains("the column `z` holds complex numbers"), "{error}");

    let refused = |series: Series| Table::try_from(&frame_of(vec![series.with_name("x".into())])).unwrap_err();
    let nothing = refused(Series::new_null("x".into(), 2));
    assert_eq!(nothing, FrameError::Unsupported { column: "x".into(), found: DataType::Null });
    assert!(nothing.to_string().contains("the column `x` is of Polars' type `null`"), "{nothing}");
    let numbers = Series::new("n".into(), [1, 2, 3]);
    let some: ListChunked = [Some(numbers.clone()), None].into_iter().collect();
    assert_eq!(refused(some.into_series()), FrameError::Null { column: "x".into() });
    let lists = |lengths: [usize; 2]| {
        let lists: ListChunked = lengths.iter().map(|&length| numbers.slice(0, length)).collect();
        lists.into_series()
    };
    let uneven: ListChunked = [lists([1, 2]), lists([1, 1])].into_iter().collect();
    assert_eq!(refused(uneven.into_series()), FrameError::Ragged { column: "x".into() });
    let far = Series::new("t".into(), [i64::MAX]).into_datetime(TimeUnit::Milliseconds, None);
    assert_eq!(refused(far), FrameError::TimeOutOfRange { column: "x".into() });
}

#[parameters]
struct Size {
    #[param(default = 0)]
    n: i32,
}

#[results]
struct Events {
    #[result(group)]
    events: DataFrame,
}

#[experiment]
fn record(p: &Size, run: &mut Run) -> Events {
    if p.n == 3 {
        run.add_group("nothing", frame_of(vec![Series::new_null("x".into(), 2)]));
    }
    Events { events: events(p.n) }
}

fn events(n: i32) -> DataFrame {
    let times: Vec<Option<f64>> = (0..n).map(|i| (i != 1).then_some(f64::from(i))).collect();
    frame_of(vec![Series::new("time".into(), times), Series::from_vec("id".into(), (0..n).collect::<Vec<_>>())])
}

#[test]
fn data_frames_are_results_of_runs_and_of_the_whole() {
    common::with_trajectory_file(|file| {
        Environment::new(file).run::<record>(Size::names().n.over([2, 3, 5])).unwrap();
        let mut traj = Trajectory::<record>::open(file).unwrap();
        assert_eq!(traj.failed(), [1]);
        let why = traj.run(1).unwrap().error().unwrap().unwrap().message;
        assert!(why.contains("Polars' type `null`"), "{why}");
        let read: DataFrame = traj.run(2).unwrap().get_group(Events::names().events).unwrap();
        assert!(read.equals_missing(&events(5)));

        traj.add_group("summary", events(4)).unwrap();
        traj.store().unwrap();
        let summary: DataFrame = traj.any().get_group("summary").unwrap();
        assert!(summary.equals_missing(&events(4)));
        let all = DataFrame::try_from(&traj.any().table("events").unwrap()).unwrap();
        let runs = all.column("run").unwrap().u64().unwrap().iter().flatten().collect::<Vec<_>>();
        assert_eq!(runs, [0, 0, 2, 2, 2, 2, 2]);
    });
}
