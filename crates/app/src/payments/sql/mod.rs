//! SQL of the payments slice, a file each for what it is about.

mod customers;
mod disputes;
mod operations;
mod payments;
mod reconcile;
mod webhooks;

pub(super) use customers::*;
pub(super) use disputes::*;
pub(super) use operations::*;
pub(super) use payments::*;
pub(super) use reconcile::*;
pub(super) use webhooks::*;
