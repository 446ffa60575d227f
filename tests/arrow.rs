//! Tables and record batches of Arrow become each other, and batches are results.

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use num_complex::Complex;
use pypet::arrow_array::cast::AsArray;
use pypet::arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use pypet::arrow_array::*;
use pypet::arrow_schema::{DataType, Field, Schema, TimeUnit};
use pypet::prelude::*;
use pypet::value::ArrowError;

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Method {
    Euler,
    RungeKutta,
}

/// Every kind of column.
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
        .with("f16", [0.1, -0.0, f32::INFINITY].map(half::f16::from_f32))
        .with("f32", [f32::NAN, -0.0, f32::NEG_INFINITY])
        .with("f64", [nan, -0.0, 5e-324])
        .with_column_unit("f64", "mV s-1")
        .with_column_comment("f64", "slope,\nat most")
        .with("bool", [true, false, true])
        .with("text", ["", "a,\"b\"", "\0ü\n🧠"].map(String::from))
        .with("method", [Method::Euler, Method::RungeKutta, Method::Euler])
        .with("wide", [i128::MIN, 0, i128::MAX])
        .with("json", [(1_u8, f64::NAN.to_string()), (2, String::new()), (3, "x".into())])
        .with("complex", [Complex::new(1.0_f32, -0.0), Complex::new(f32::NAN, 2.0), Complex::new(0.0, 0.0)])
        .with("span", [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1)])
        .with("time", [SystemTime::UNIX_EPOCH - Duration::from_nanos(1); 3])
        .with("maybe_f64", [Some(nan), None, Some(1.5)])
        .with("maybe_f32", [Some(f32::NAN), None, Some(-0.0)])
        .with("maybe_u64", [Some(u64::MAX), None, Some(0)])
        .with("maybe_bool", [Some(true), None, Some(false)])
        .with("maybe_text", [Some(String::new()), None, Some("\"".into())])
        .with("maybe_char", [Some('3'), None, Some('"')])
        .with("maybe_method", [Some(Method::Euler), None, Some(Method::RungeKutta)])
        .with("maybe_wide", [Some(u128::MAX), None, Some(0)])
        .with("maybe_complex", [Some(Complex::new(f64::NAN, 1.0)), None, Some(Complex::new(0.0, -0.0))])
        .with("never", [None::<i16>; 3])
        .with("list", [vec![1_i32, 2], vec![], vec![3]])
        .with("words", [vec!["a".to_owned()], vec![], vec![String::new(), "\0".into()]])
        .with("gaps", [vec![None, Some(f64::NAN)], vec![], vec![Some(1.0)]])
        .with("matrix", [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]; 3])
        .with("ragged", [Array2::from_elem((2, 1), 7_u8), Array2::zeros((1, 3)), Array2::zeros((1, 1))])
}

#[test]
fn every_kind_of_column_comes_back_from_a_record_batch() {
    let batch = RecordBatch::try_from(&kinds()).unwrap();
    assert_eq!(Table::try_from(&batch).unwrap(), kinds());
    let kind = |name: &str| batch.schema_ref().field_with_name(name).unwrap().data_type().clone();
    assert_eq!(kind("maybe_u64"), DataType::UInt64);
    assert_eq!(kind("never"), DataType::Int16);
    assert_eq!(kind("maybe_bool"), DataType::Boolean);
    assert_eq!(kind("span"), DataType::Duration(TimeUnit::Nanosecond));
    assert_eq!(kind("time"), DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())));
    assert_eq!(kind("matrix").to_string(), "List(List(Float64))");

    let metadata = batch.schema_ref().field_with_name("f64").unwrap().metadata();
    assert_eq!(metadata.get("units").unwrap(), "mV s-1");
    assert_eq!(metadata.get("comment").unwrap(), "slope,\nat most");

    let maybe = batch["maybe_f64"].as_primitive::<Float64Type>();
    assert_eq!((maybe.is_null(0), maybe.value(0).is_nan(), maybe.is_null(1)), (false, true, true));
    assert_eq!(
        batch["maybe_u64"].as_primitive::<UInt64Type>().iter().collect::<Vec<_>>(),
        [Some(u64::MAX), None, Some(0)]
    );
    assert_eq!(batch["maybe_text"].as_string::<i32>().iter().collect::<Vec<_>>(), [Some(""), None, Some("\"")]);
    assert_eq!(batch["list"].as_list::<i32>().value(0).as_primitive::<Int32Type>().values().to_vec(), [1, 2]);

    let empty = RecordBatch::try_from(&Table::new()).unwrap();
    assert_eq!(Table::try_from(&empty).unwrap(), Table::new());
    let no_rows = Table::new().with("x", Vec::<f64>::new()).with("y", Vec::<[i8; 2]>::new());
    assert_eq!(Table::try_from(&RecordBatch::try_from(&no_rows).unwrap()).unwrap().n_rows(), 0);
    let part = Table::try_from(&batch.slice(1, 2)).unwrap();
    assert_eq!(part.column::<Vec<i32>>("list").unwrap(), [vec![], vec![3]]);
    assert_eq!(part.column::<Option<u64>>("maybe_u64").unwrap(), [None, Some(0)]);
}

fn batch_of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

#[test]
fn batches_of_other_programs_are_understood() {
    let words: DictionaryArray<Int32Type> = [Some("a"), None, Some("a")].into_iter().collect();
    let sizes =
        FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>((0..3).map(|i| Some(vec![Some(i), Some(-i)])), 2);
    let table = Table::try_from(&batch_of(vec![
        ("ints", Arc::new(Int64Array::from(vec![Some(1), None, Some(-1)]))),
        ("floats", Arc::new(Float64Array::from(vec![Some(f64::NAN), None, Some(0.5)]))),
        ("large", Arc::new(LargeStringArray::from(vec!["x", "", "z"]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("x"), None, Some("a text of more than twelve bytes")]))),
        ("words", Arc::new(words)),
        ("seconds", Arc::new(TimestampSecondArray::from(vec![0, 1, -1]))),
        ("days", Arc::new(Date32Array::from(vec![0, 1, -1]))),
        ("spans", Arc::new(DurationMillisecondArray::from(vec![Some(0), Some(1), None]))),
        ("sizes", Arc::new(sizes)),
    ]))
    .unwrap();
    assert_eq!(table.column::<Option<i64>>("ints").unwrap(), [Some(1), None, Some(-1)]);
    let floats = table.column::<Option<f64>>("floats").unwrap();
    assert!(floats[0].is_some_and(f64::is_nan) && floats[1].is_none());
    assert_eq!(table.column::<String>("large").unwrap(), ["x", "", "z"]);
    assert_eq!(table.column::<Option<String>>("view").unwrap()[1], None);
    assert_eq!(table.column::<Option<String>>("words").unwrap(), [Some("a".to_owned()), None, Some("a".to_owned())]);
    assert_eq!(table.column::<SystemTime>("seconds").unwrap()[2], SystemTime::UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(table.column::<SystemTime>("days").unwrap()[1], SystemTime::UNIX_EPOCH + Duration::from_hours(24));
    assert_eq!(table.column::<Option<i64>>("spans").unwrap(), [Some(0), Some(1_000_000), None]);
    assert_eq!(table.column::<[i32; 2]>("sizes").unwrap(), [[0, 0], [1, -1], [2, -2]]);
    assert_eq!(table.columns().nth(5).unwrap().unit, "nanoseconds since 1970-01-01T00:00:00Z");
}

#[test]
fn what_a_table_cannot_hold_is_told_with_the_column() {
    let refused = |array: ArrayRef| Table::try_from(&batch_of(vec![("x", array)])).unwrap_err();
    let error = refused(Arc::new(NullArray::new(2)));
    assert!(error.to_string().contains("the column `x` is of Arrow's type `Null`"), "{error}");
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
    assert_eq!(refused(Arc::new(lists)), ArrowError::Null { column: "x".into() });
    let far = TimestampSecondArray::from(vec![i64::MAX]);
    assert_eq!(refused(Arc::new(far)), ArrowError::TimeOutOfRange { column: "x".into() });
    let twice = batch_of(vec![("x", Arc::new(Int8Array::from(vec![1]))), ("x", Arc::new(Int8Array::from(vec![2])))]);
    assert_eq!(Table::try_from(&twice).unwrap_err(), ArrowError::Twice { column: "x".into() });
    let ragged = Table::new().with("x", [Array2::<u8>::zeros((2, 1))]);
    let ragged = RecordBatch::try_from(&ragged).unwrap();
    assert_eq!(Table::try_from(&ragged).unwrap().n_rows(), 1);
}

#[parameters]
struct Size {
    #[param(default = 0)]
    n: i32,
}

#[results]
struct Events {
    #[result(group)]
    events: RecordBatch,
}

#[experiment]
fn record(p: &Size, run: &mut Run) -> Events {
    if p.n == 3 {
        run.add_group("nothing", batch_of(vec![("x", Arc::new(NullArray::new(2)))]));
    }
    Events { events: events(p.n) }
}

fn events(n: i32) -> RecordBatch {
    let times: Float64Array = (0..n).map(|i| (i != 1).then_some(f64::from(i))).collect();
    let ids = Int32Array::from_iter_values(0..n);
    batch_of(vec![("time", Arc::new(times)), ("id", Arc::new(ids))])
}

#[test]
fn record_batches_are_results_of_runs_and_of_the_whole() {
    common::with_trajectory_file(|file| {
        Environment::new(file).run::<record>(Size::names().n.over([2, 3, 5])).unwrap();
        let mut traj = Trajectory::<record>::open(file).unwrap();
        assert_eq!(traj.failed(), [1]);
        let why = traj.run(1).unwrap().error().unwrap().unwrap().message;
        assert!(why.contains("Arrow's type `Null`"), "{why}");
        let read: RecordBatch = traj.run(2).unwrap().get_group(Events::names().events).unwrap();
        let time = read["time"].as_primitive::<Float64Type>();
        assert_eq!((time.len(), time.null_count(), time.is_null(1), time.value(4)), (5, 1, true, 4.0));
        assert_eq!(read["id"].as_primitive::<Int32Type>().values().to_vec(), [0, 1, 2, 3, 4]);

        traj.add_group("summary", events(4)).unwrap();
        traj.store().unwrap();
        let summary: RecordBatch = traj.any().get_group("summary").unwrap();
        assert_eq!(summary.num_rows(), 4);
        let all = RecordBatch::try_from(&traj.any().table("events").unwrap()).unwrap();
        assert_eq!(all["run"].as_primitive::<UInt64Type>().values().to_vec(), [0, 0, 2, 2, 2, 2, 2]);
    });
}
