//! `audit_evidence`: what was checked or done, and how much that proves.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JsonText, audit_table};

audit_table!("audit_evidence");

/// How much a piece of evidence proves.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was done or seen, and is recorded as such.
    #[sea_orm(string_value = "proven")]
    Proven,
    /// It follows from something else that was seen.
    #[sea_orm(string_value = "inferred")]
    Inferred,
    /// It was claimed or tried, and nothing bears it out.
    #[sea_orm(string_value = "unsupported")]
    Unsupported,
}

impl Verdict {
    /// The name used in the database, in JSON and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Inferred => "inferred",
            Self::Unsupported => "unsupported",
        }
    }
}

/// One piece of evidence. Append-only.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(rename_all = "snake_case")]
pub struct Model {
    /// Counts up, with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When it was recorded, by the server's clock.
    pub recorded_at: DateTimeUtc,
    /// What kind of thing it is about, for example `retention_run`.
    pub subject: String,
    /// Which one of them.
    pub reference: String,
    /// How much it proves.
    pub verdict: Verdict,
    /// Where it comes from and what was seen, a JSON object.
    #[sea_orm(select_as = "text", save_as = "jsonb")]
    pub provenance: JsonText,
    /// The database role of the session that recorded it.
    pub recorded_by: String,
}

impl ActiveModelBehavior for ActiveModel {}
