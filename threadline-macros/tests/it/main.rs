//! What the derive makes of an entity.

#![forbid(unsafe_code)]

mod policy;
