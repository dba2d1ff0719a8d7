use sea_orm::{EntityTrait, PrimaryKeyTrait, Select};

use crate::{audited::Audited, entity::audit_change};

pub(crate) fn history<E: Audited>(
    _id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Select<audit_change::Entity> {
    audit_change::Entity::find()
}
