//! The example `firing_rate` agrees with an independent computation of the same model, bit for bit.

mod common;

#[test]
fn every_trace_and_spike_equals_a_computation_in_python() {
    let printed = common::examples::with_file_of("firing_rate", |file| common::python::run("firing_rate.py", [file]));
    assert!(printed.starts_with("303 runs agree"), "{printed}");
}
