//! Whether the triggers of a table let its function see every write. Pure.

use super::{
    difference::Difference,
    function::deployed,
    state::{State, TableState, Trigger},
};
use crate::{
    codegen::{
        TableName,
        rendered::{BEFORE, ROW, event_bit},
    },
    policy::CaptureLevel,
    schema::SchemaName,
};

/// What is captured row by row, after the fact.
const ROW_EVENTS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
/// What is captured once for the statement, before it.
const STATEMENT_EVENTS: [&str; 1] = ["TRUNCATE"];

/// The two functions of a table, by their names.
struct Own<'a> {
    schema: &'a str,
    /// How the deployed function captures.
    level: CaptureLevel,
    capture: String,
    truncate: String,
}

impl Own<'_> {
    /// What a trigger has to be, if its function is one of ours: level and timing, and the events.
    fn part(&self, trigger: &Trigger) -> Option<(i32, i32)> {
        if trigger.function_schema != self.schema {
            return None;
        }
        if trigger.function == self.capture {
            return Some(match self.level {
                CaptureLevel::Row => (ROW, bits(&ROW_EVENTS)),
                CaptureLevel::Statement if is_mark(trigger) => (BEFORE, 0),
                CaptureLevel::Statement => (0, bits(&ROW_EVENTS)),
            });
        }
        (trigger.function == self.truncate).then(|| (BEFORE, bits(&STATEMENT_EVENTS)))
    }

    /// Whether a trigger of a partition captures the events.
    fn captures(&self, trigger: &Trigger, events: i32) -> bool {
        trigger.fires()
            && self
                .part(trigger)
                .is_some_and(|(_, own)| own == events && trigger.kind & events == events)
    }
}

/// Whether the trigger fires where a statement begins.
fn is_mark(trigger: &Trigger) -> bool {
    trigger.kind & (ROW | BEFORE) == BEFORE
}

fn bits(events: &[&str]) -> i32 {
    events.iter().filter_map(|event| event_bit(event)).sum()
}

/// Every way in which writes get around the capture.
pub(super) fn differences(
    schema: &SchemaName,
    state: &State,
    table: &TableState,
) -> Vec<Difference> {
    let own = Own {
        schema: schema.as_str(),
        level: deployed(state, &table.name).map_or(CaptureLevel::Row, |spec| spec.policy.capture),
        capture: table.name.object("capture"),
        truncate: table.name.object("truncate"),
    };
    if table.triggers.is_empty() {
        return vec![Difference::NotCaptured];
    }
    let mut found = Vec::new();
    let mut captured = 0;
    let mut explained = 0;
    let mut marked = 0;
    // The trigger of the generated name is the one to keep.
    let mut triggers: Vec<_> = table.triggers.iter().collect();
    triggers.sort_by_key(|trigger| (!is_generated(&trigger.name), &trigger.name));
    for trigger in triggers {
        let Some((level, events)) = own.part(trigger) else {
            found.push(other(state, trigger));
            continue;
        };
        if level == BEFORE && events == 0 {
            marked |= trigger.kind;
            found.extend(flaw(&table.name, trigger, level));
            continue;
        }
        let events = trigger.kind & events;
        if let Some(difference) = flaw(&table.name, trigger, level) {
            explained |= events;
            found.push(difference);
        } else if events & captured != 0 {
            found.push(Difference::DuplicateTrigger {
                trigger: trigger.name.clone(),
            });
        } else {
            captured |= events;
        }
    }
    let missing: Vec<_> = ROW_EVENTS
        .into_iter()
        .chain(STATEMENT_EVENTS)
        .filter(|event| bits(&[event]) & (captured | explained) == 0)
        .collect();
    if !missing.is_empty() && !only_others(&found, captured | explained) {
        found.push(Difference::MissingEvents { events: missing });
    }
    let unmarked: Vec<_> = ROW_EVENTS
        .into_iter()
        .filter(|event| bits(&[event]) & captured & !marked != 0)
        .collect();
    if own.level == CaptureLevel::Statement && !unmarked.is_empty() {
        found.push(Difference::Unmarked { events: unmarked });
    }
    for leaf in &table.leaves {
        found.extend(leaf_differences(&own, &leaf.name, &leaf.triggers, captured));
    }
    found
}

/// Whether the name is one that the templates give.
pub(super) fn is_generated(name: &str) -> bool {
    name.starts_with("00_threadline_audit_")
}

/// Every trigger is another table's: that says it all.
fn only_others(found: &[Difference], own: i32) -> bool {
    own == 0
        && found
            .iter()
            .any(|difference| matches!(difference, Difference::OtherFunction { .. }))
}

fn other(state: &State, trigger: &Trigger) -> Difference {
    let serves = state
        .function(&trigger.function)
        .and_then(|function| function.meant());
    // The function for TRUNCATE has no comment, and does nothing for a table that is not its own.
    let truncates = state
        .tables
        .keys()
        .find(|table| table.object("truncate") == trigger.function);
    Difference::OtherFunction {
        trigger: trigger.name.clone(),
        function: format!("{}.{}", trigger.function_schema, trigger.function),
        left_over: truncates.is_some(),
        serves: serves.map(|meant| meant.spec.name).or(truncates.cloned()),
    }
}

fn flaw(relation: &TableName, trigger: &Trigger, level: i32) -> Option<Difference> {
    if !trigger.fires() {
        return Some(Difference::DisabledTrigger {
            trigger: trigger.name.clone(),
            relation: relation.clone(),
            replica_only: trigger.enabled == 'R',
        });
    }
    let reason = if trigger.conditional {
        "has a condition: what does not meet it is not captured"
    } else if trigger.of_columns {
        "fires for updates of some columns only"
    } else if trigger.kind & (ROW | BEFORE) != level {
        match level {
            ROW => "does not fire after each row",
            BEFORE => "does not fire before the statement",
            _ => "does not fire after the statement",
        }
    } else {
        return None;
    };
    Some(Difference::IncompleteTrigger {
        trigger: trigger.name.clone(),
        reason,
    })
}

/// The triggers of a partition: the one for rows came from the root, the one for TRUNCATE is its
/// own.
fn leaf_differences(
    own: &Own<'_>,
    leaf: &TableName,
    triggers: &[Trigger],
    root: i32,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let (rows, truncate) = (bits(&ROW_EVENTS), bits(&STATEMENT_EVENTS));
    for (events, difference) in [
        (
            rows,
            Difference::PartitionNotCaptured {
                partition: leaf.clone(),
            },
        ),
        (
            truncate,
            Difference::PartitionTruncate {
                partition: leaf.clone(),
            },
        ),
    ] {
        // What the root lacks is said once.
        if root & events == 0 || triggers.iter().any(|t| own.captures(t, events)) {
            continue;
        }
        let disabled = triggers.iter().find(|trigger| {
            !trigger.fires() && own.part(trigger).is_some_and(|(_, part)| part == events)
        });
        found.push(match disabled {
            Some(trigger) => Difference::DisabledTrigger {
                trigger: trigger.name.clone(),
                relation: leaf.clone(),
                replica_only: trigger.enabled == 'R',
            },
            None => difference,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trigger of `posts`: name, what `pg_trigger` says of it, and the prefix of its function.
    fn trigger(name: &str, kind: i32, enabled: char, function: &str) -> Trigger {
        Trigger {
            name: name.to_owned(),
            kind,
            enabled,
            conditional: false,
            of_columns: false,
            function_schema: "threadline".to_owned(),
            function: posts().object(function),
        }
    }

    fn posts() -> TableName {
        "posts".parse().expect("a name")
    }

    fn of(triggers: Vec<Trigger>) -> Vec<String> {
        let table = TableState {
            name: posts(),
            of_extension: false,
            inherits: false,
            twice: false,
            triggers,
            leaves: Vec::new(),
            shape: None,
        };
        let found = differences(&SchemaName::default(), &State::default(), &table);
        found.iter().map(ToString::to_string).collect()
    }

    const ROWS: i32 = 1 + 4 + 8 + 16;
    const TRUNCATE: i32 = 2 + 32;

    #[test]
    fn every_operation_needs_a_trigger_that_fires() {
        let truncate = || trigger("00_threadline_audit_truncate", TRUNCATE, 'O', "truncate");
        assert_eq!(of(vec![]), ["it has no capture trigger"]);
        assert_eq!(
            of(vec![trigger("a", ROWS, 'O', "capture"), truncate()]),
            [""; 0]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS, 'A', "capture"), truncate()]),
            [""; 0]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS, 'D', "capture"), truncate()]),
            ["trigger `a` of `posts` is disabled"]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS, 'R', "capture"), truncate()]),
            ["trigger `a` of `posts` fires for replicated writes only"]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS - 8, 'O', "capture"), truncate()]),
            ["no trigger captures DELETE"]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS, 'O', "capture")]),
            ["no trigger captures TRUNCATE"]
        );
        assert_eq!(
            of(vec![trigger("a", ROWS - 1, 'O', "capture"), truncate()]),
            ["trigger `a` does not fire after each row"]
        );
    }

    #[test]
    fn a_function_counts_only_for_what_it_is_made_for() {
        // The function for TRUNCATE on INSERT captures nothing.
        let odd = trigger("a", 2 + 4 + 32, 'O', "truncate");
        assert_eq!(
            of(vec![odd]),
            ["no trigger captures INSERT, UPDATE, DELETE"]
        );
        let mut other = trigger("a", ROWS, 'O', "capture");
        other.function_schema = "audit2".to_owned();
        let found = of(vec![other]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("which is not its capture function"));
    }

    #[test]
    fn of_two_triggers_for_one_operation_the_generated_one_is_kept() {
        let found = of(vec![
            trigger("00_a", 1 + 16, 'O', "capture"),
            trigger("00_threadline_audit_capture", ROWS, 'O', "capture"),
            trigger("00_threadline_audit_truncate", TRUNCATE, 'O', "truncate"),
        ]);
        assert_eq!(found, ["trigger `00_a` records every change once more"]);
    }
}
