use threadline::{
    Audited, CapturePolicy,
    policy::{CaptureLevel, ContextMode, TruncateMode},
};

use crate::entity::{
    book, compact, compact_dense, conditional, dense, expanded, generated, named, plain, shadowed,
};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn without_words_the_policy_is_the_default() {
    assert_eq!(plain::Entity::policy(), CapturePolicy::default());
    assert_eq!(book::Entity::policy(), CapturePolicy::default());
}

#[test]
fn every_word_of_a_compact_entity_arrives_under_the_name_of_the_database() {
    assert_eq!(
        compact::Entity::policy(),
        CapturePolicy {
            exclude: names(&["Session Token", "search_vector", "tsv", "totpSeed"]),
            mask: names(&["emailAddress", "type"]),
            except: names(&["lastSeen", "row_version", "type"]),
            store_changed_from: false,
            primary_key: Some(names(&["tenantId", "r"])),
            context: ContextMode::Require,
            truncate: TruncateMode::Refuse,
            capture: CaptureLevel::Statement,
        }
    );
}

#[test]
fn a_dense_entity_has_one_policy() {
    assert_eq!(
        dense::Entity::policy(),
        CapturePolicy {
            exclude: names(&["password"]),
            mask: names(&["email"]),
            context: ContextMode::Warn,
            truncate: TruncateMode::Rows,
            ..CapturePolicy::default()
        }
    );
}

#[test]
fn names_given_in_a_hand_written_column_are_used() {
    assert_eq!(
        expanded::Entity::policy(),
        CapturePolicy {
            exclude: names(&["notes", "tsv"]),
            mask: names(&["VAT-No"]),
            primary_key: Some(names(&["CustomerId"])),
            ..CapturePolicy::default()
        }
    );
}

#[test]
fn the_compact_form_of_a_dense_entity_and_a_model_of_another_name_are_fine() {
    assert_eq!(compact_dense::Entity::policy().mask, ["phone"]);
    assert_eq!(named::Entity::policy().except, ["uses"]);
}

#[test]
fn names_in_scope_do_not_disturb_the_derive() {
    let policy = shadowed::Entity::policy();
    assert_eq!(policy.mask, ["secret"]);
    assert_eq!(policy.primary_key, Some(names(&["id"])));
}

#[test]
fn words_on_fields_that_are_not_built_are_not_there() {
    let policy = conditional::Entity::policy();
    assert_eq!(policy.mask, ["present"]);
    assert!(policy.exclude.is_empty());
}

#[test]
fn literals_passed_through_a_macro_are_read() {
    let policy = generated::Entity::policy();
    assert_eq!(policy.mask, ["v"]);
    assert_eq!(policy.context, ContextMode::Warn);
}
