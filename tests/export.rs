//! Exported tables say what the file says, for every kind of column.

mod common;

use std::path::Path;
use std::time::{Duration, SystemTime};

use common::python;
use num_complex::Complex;
use pypet::export::{ExportError, Format, Request, export};
use pypet::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Method {
    Euler,
    RungeKutta,
}

#[parameters]
struct Kinds {
    /// Which row of the table is made.
    #[param(default = 0)]
    n: usize,
    /// Lists whose lengths differ.
    #[param(default = vec![], unit = "nS")]
    weights: Vec<f64>,
}

#[results]
struct Row {
    count: i64,
    big: u64,
    small: i8,
    single: f32,
    /// A mean, "over all",
    /// and more.
    #[result(unit = "mV")]
    float: f64,
    flag: bool,
    word: String,
    maybe: Option<f64>,
    maybe_count: Option<u32>,
    maybe_flag: Option<bool>,
    maybe_word: Option<String>,
    span: Duration,
    time: SystemTime,
    complex: Complex<f64>,
    method: Method,
    wide: u128,
    trace: [f32; 3],
    #[result(unit = "mV", dims = ["site", "step"])]
    matrix: Array2<f64>,
    ragged: Vec<Option<f64>>,
    words: Vec<String>,
}

#[experiment]
fn kinds(p: &Kinds) -> Result<Row, String> {
    let n = p.n;
    if n == 3 {
        return Err("no result".into());
    }
    let i = i64::try_from(n).expect("small");
    Ok(Row {
        count: [i64::MIN, -1, 0, 0, i64::MAX][n],
        big: u64::MAX - u64::from(p.n == 1),
        small: [i8::MIN, -1, 0, 0, i8::MAX][n],
        single: [0.1, f32::NAN, f32::INFINITY, 0.0, -0.0][n],
        float: [0.1, f64::NAN, f64::INFINITY, 0.0, f64::NEG_INFINITY][n],
        flag: n.is_multiple_of(2),
        word: ["plain", "a,b;c\td", "", "", "say \"so\"\r\nand 'more' ü🧠"][n].into(),
        maybe: [Some(0.5), None, Some(f64::NAN), None, Some(f64::INFINITY)][n],
        maybe_count: [Some(0), None, Some(u32::MAX), None, None][n],
        maybe_flag: [Some(false), None, Some(true), None, None][n],
        maybe_word: [Some("x"), None, Some(""), None, Some("\",\n")][n].map(ToOwned::to_owned),
        span: Duration::from_nanos(1_500_000_001) * u32::try_from(n).expect("small"),
        time: SystemTime::UNIX_EPOCH + Duration::from_hours(24) * u32::try_from(n).expect("small"),
        complex: Complex::new(0.5, -(i as f64)),
        method: if n == 1 { Method::RungeKutta } else { Method::Euler },
        wide: u128::MAX - n as u128,
        trace: [0.5, n as f32, f32::NAN],
        matrix: Array2::from_shape_fn((2, 3), |(a, b)| (a * 10 + b) as f64 + 0.1 * n as f64),
        ragged: (0..n).map(|k| (k != 1).then_some(k as f64)).collect(),
        words: (0..n).map(|k| format!("{k},\"\n")).collect(),
    })
}

fn with_kinds<T>(test: impl FnOnce(&AnyTrajectory, &Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        let p = Kinds::names();
        let weights = (0..5).map(|n| vec![0.5; n]).collect::<Vec<_>>();
        let points = p.n.over([0, 1, 2, 3, 4]).zip(p.weights.over(weights)).unwrap();
        Environment::new(file).with_comment("all kinds").run::<kinds>(points).unwrap();
        test(&AnyTrajectory::open(file).unwrap(), file.parent().unwrap())
    })
}

fn request(format: Format, target: &Path) -> Request {
    Request { format, target: target.into(), results: Vec::new(), replace: false }
}

#[test]
fn every_kind_of_column_is_exported_as_it_stands_in_the_file() {
    with_kinds(|any, folder| {
        let formats = [Format::Csv, Format::JsonLines, Format::Parquet];
        for format in formats.into_iter().filter(|format| cfg!(feature = "parquet") || *format != Format::Parquet) {
            let target = folder.join("kinds").with_extension(format.ending());
            let written = export(any, &request(format, &target)).unwrap();
            assert_eq!(written.len(), if format == Format::JsonLines { 1 } else { 5 }, "{written:?}");
            python::run("exported_kinds.py", [folder.as_os_str(), format.word().as_ref()]);
        }
    });
}

#[cfg(feature = "png")]
#[test]
fn pictures_become_png_that_a_decoder_reads() {
    use pypet::plot::{Request, plot};

    with_kinds(|any, _| {
        for (result, run) in [("count", None), ("trace", Some(0)), ("matrix", Some(1))] {
            let results = vec![result.to_owned()];
            let picture = plot(any, &Request { results, run, ..Request::default() }).unwrap();
            let bytes = picture.png();
            let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert!(info.width > 800 && info.height > 400, "{result}: {} × {}", info.width, info.height);
            let inked = pixels[..info.buffer_size()].iter().filter(|&&part| part < 200).count();
            assert!(inked > 1000, "{result}: the paper is empty");
        }
    });
}

#[cfg(feature = "parquet")]
mod with_parquet {
    use super::*;

    /// As many runs as two groups of rows have.
    #[experiment]
    fn square(p: &Kinds) -> f64 {
        (p.n * p.n) as f64
    }

    #[test]
    fn a_long_run_table_has_groups_of_rows() {
        common::with_trajectory_file(|file| {
            Environment::new(file).run::<square>(Kinds::names().n.over(0..70_000)).unwrap();
            let any = AnyTrajectory::open(file).unwrap();
            let target = file.with_extension("parquet");
            assert_eq!(export(&any, &request(Format::Parquet, &target)).unwrap(), [target.as_path()]);
            assert!(matches!(export(&any, &request(Format::Parquet, &target)), Err(ExportError::Exists { .. })));
            python::run("exported_groups.py", [target]);
        });
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_program_without_parquet_says_how_to_get_it() {
    with_kinds(|any, folder| {
        let error = export(any, &request(Format::Parquet, &folder.join("kinds.parquet"))).unwrap_err();
        assert!(error.to_string().contains("pypet's feature `parquet`"), "{error}");
        assert!(matches!(error, ExportError::NoParquet) && error.is_usage());
        assert!(!folder.join("kinds.parquet").exists());
    });
}
