use minijinja::{Value, context, value::Serde};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    InvalidSpec, MigrationSql, TableSpec, quote_literal,
    spec::{ColumnKind, Pin},
    template::{pinned, render},
};
use crate::{
    policy::{CaptureLevel, MASK_PLACEHOLDER},
    schema::SchemaName,
};

/// What the comment on a capture function starts with; JSON follows.
pub const COMMENT_PREFIX: &str = "threadline:";

/// What the comment on a capture function says: what was meant, and how the body looked then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionComment {
    /// What the function was made from.
    pub spec: TableSpec,
    /// The SHA-256 of the function's body, in hex.
    pub body: String,
}

/// The SQL that captures one table.
///
/// `up` makes or replaces the capture functions and triggers. `down` restores `previous`, or
/// removes the capture when there was none.
///
/// # Errors
/// When a specification has no key, or its policy does not fit its columns.
pub fn capture(
    schema: &SchemaName,
    spec: &TableSpec,
    previous: Option<&TableSpec>,
) -> Result<MigrationSql, InvalidSpec> {
    let up = install(schema, spec)?;
    let down = match previous {
        Some(previous) => install(schema, previous)?,
        None => render("capture/drop", schema, names(spec)),
    };
    Ok(MigrationSql {
        up: pinned(schema, &up),
        down: pinned(schema, &down),
    })
}

/// The name of the function that captures the rows of a table.
pub fn capture_function(spec: &TableSpec) -> String {
    spec.name.object("capture")
}

/// The body of the function that captures the rows of a table, as the catalogue should hold it.
///
/// # Errors
/// As for [`capture`].
pub fn capture_body(schema: &SchemaName, spec: &TableSpec) -> Result<String, InvalidSpec> {
    spec.check()?;
    let template = match spec.policy.capture {
        CaptureLevel::Row => "capture/body",
        CaptureLevel::Statement => "capture/statement_body",
    };
    Ok(format!(
        "\n{}",
        render(template, schema, body_context(spec))
    ))
}

fn install(schema: &SchemaName, spec: &TableSpec) -> Result<String, InvalidSpec> {
    let body = capture_body(schema, spec)?;
    let digest: String = Sha256::digest(&body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let comment = FunctionComment {
        spec: spec.clone(),
        body: digest,
    };
    let comment = serde_json::to_string(&comment).expect("a specification has string keys only");
    let common = context! {
        capture_body => body.strip_prefix('\n').unwrap_or(&body),
        truncate_body => render("capture/truncate_body", schema, body_context(spec)),
        comment => format!("{COMMENT_PREFIX}{comment}"),
        ..body_context(spec)
    };
    let parts = [
        "capture/guard",
        "capture/function",
        "capture/truncate",
        "capture/ownership",
        "capture/triggers",
    ];
    let parts: Vec<_> = parts
        .iter()
        .map(|name| render(name, schema, common.clone()))
        .collect();
    // A line break would end the comment.
    let name = spec.name.to_string().replace(char::is_control, " ");
    Ok(format!(
        "-- threadline: capture of {name}, version 1\n{}",
        parts.join("\n")
    ))
}

fn names(spec: &TableSpec) -> Value {
    context! {
        name => Value::from(Serde(&spec.name)),
        table => spec.name.quoted(),
        capture_function => capture_function(spec),
        truncate_function => spec.name.object("truncate"),
    }
}

pub(super) fn body_context(spec: &TableSpec) -> Value {
    let policy = &spec.policy;
    let virtuals = spec
        .columns
        .iter()
        .filter(|column| {
            column.kind == ColumnKind::Virtual && !policy.exclude.contains(&column.name)
        })
        .map(|column| &column.name);
    let exclude: Vec<_> = policy.exclude.iter().chain(virtuals).cloned().collect();
    let redacted: Vec<_> = exclude.iter().chain(&policy.mask).cloned().collect();
    let recorded = || {
        spec.columns
            .iter()
            .filter(|column| !exclude.contains(&column.name))
    };
    let of = |kind: ColumnKind| -> Vec<String> {
        spec.columns
            .iter()
            .filter(|column| column.kind == kind)
            .map(|column| column.name.clone())
            .collect()
    };
    let open = |kind: ColumnKind| -> Vec<String> {
        of(kind)
            .into_iter()
            .filter(|name| !redacted.contains(name))
            .collect()
    };
    let mut pins: Vec<_> = recorded()
        .flat_map(|column| column.kind.pins())
        .copied()
        .collect();
    pins.sort_unstable();
    pins.dedup();
    // A `json` value can make `to_jsonb` of the whole row fail, so every such column counts, as does
    // one that may hold such values.
    let json_columns = of(ColumnKind::Json);
    let converts_json = spec.columns.iter().any(|column| {
        matches!(
            column.kind,
            ColumnKind::Json | ColumnKind::JsonArray | ColumnKind::Other
        )
    });
    // To ask for a setting costs less than to set it for each call. `row_image` does not ask.
    let settled: Option<Vec<_>> = if converts_json {
        None
    } else {
        pins.iter().map(|pin| pin.settled()).collect()
    };
    let pins: Vec<_> = pins.into_iter().map(Pin::sql).collect();
    let set_pins = match (policy.capture, &settled) {
        // Set once for all rows.
        (CaptureLevel::Statement, _) => {
            let mut set = pins.clone();
            set.retain(|pin| *pin != Pin::SearchPath.sql());
            set.insert(0, Pin::SearchPath.sql());
            // What is planned for every statement anew, or compiled, takes longer to prepare than to run.
            set.insert(1, "jit = off");
            set.insert(2, "plan_cache_mode = force_generic_plan");
            set
        }
        (CaptureLevel::Row, Some(_)) => Vec::new(),
        (CaptureLevel::Row, None) => pins.clone(),
    };
    let (floats, float_arrays, jsonbs, texts) = (
        open(ColumnKind::Float),
        open(ColumnKind::FloatArray),
        open(ColumnKind::Jsonb),
        open(ColumnKind::TextForm),
    );
    let has_exact = [&json_columns, &floats, &float_arrays, &jsonbs, &texts]
        .iter()
        .any(|columns| !columns.is_empty());
    let diffed: Vec<_> = recorded().map(|column| column.name.clone()).collect();
    let typed: Vec<_> = recorded()
        .filter(|column| column.kind.varies_in_json())
        .map(|column| column.name.clone())
        .collect();
    let (schema_name, table_name) = (
        quote_literal(spec.name.schema()),
        quote_literal(spec.name.table()),
    );
    context! {
        key_columns => &spec.key,
        partitioned => spec.partitioned,
        exclude => &exclude,
        mask => &policy.mask,
        except => &policy.except,
        redacted => &redacted,
        known => spec.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>(),
        store_changed_from => policy.store_changed_from,
        context => Value::from(Serde(policy.context)),
        capture => Value::from(Serde(policy.capture)),
        truncate => Value::from(Serde(policy.truncate)),
        placeholder => format!("\"{MASK_PLACEHOLDER}\""),
        row_key_seed => format!("pg_catalog.hashtextextended({table_name}, pg_catalog.hashtextextended({schema_name}, 0))"),
        pins => pins,
        set_pins => set_pins,
        settled => settled.unwrap_or_default(),
        diffed => diffed,
        typed => typed,
        float_columns => floats,
        float_array_columns => float_arrays,
        json_columns => json_columns,
        converts_json => converts_json,
        jsonb_columns => jsonbs,
        text_columns => texts,
        has_exact => has_exact,
        ..names(spec)
    }
}
