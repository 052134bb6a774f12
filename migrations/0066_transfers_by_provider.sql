-- Transfers are compared with the books of the provider that made them.

alter table payout_transfers add column provider text not null default 'sandbox';
alter table payout_transfers alter column provider drop default;
comment on column payout_transfers.provider is 'Whose word provider_reference is.';
