//! JUnit XML, a test case for each table.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::verified::Verified;
use crate::{
    command::health::coverage::reason,
    error::{Error, Result},
};

/// The report.
///
/// # Errors
/// When a name does not fit XML.
pub(super) fn text(verified: &Verified<'_>) -> Result<String> {
    let mut suite = TestSuite::new("coverage");
    for table in &verified.tables {
        let status = if table.is_covered() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(reason(table.coverage))
                .set_type("not-covered");
            status
        };
        let mut case = TestCase::new(table.coverage.name.to_string(), status);
        case.set_classname("threadline.coverage");
        suite.add_test_case(case);
    }
    let mut report = Report::new("threadline verify-coverage");
    report.add_test_suite(suite);
    report
        .to_string()
        .map_err(|err| Error::Junit(Box::new(err)))
}
