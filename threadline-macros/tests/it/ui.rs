//! Every mistake, and what the compiler says to it.

use trybuild::TestCases;

#[test]
fn every_mistake_is_explained() {
    TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
