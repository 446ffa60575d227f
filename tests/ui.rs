//! What the compiler says: programs that build, and mistakes that each give one message.
//!
//! After a change of a message, `TRYBUILD=overwrite cargo test --test ui` writes it anew; read the difference as if
//! you were the user.

#[test]
fn mistakes_are_told_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    for what in ["parameters", "results", "experiment", "explore"] {
        cases.pass(format!("tests/ui/{what}/pass/*.rs"));
        cases.compile_fail(format!("tests/ui/{what}/fail/*.rs"));
    }
}
