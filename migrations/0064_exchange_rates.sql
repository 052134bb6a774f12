-- Rates between currencies, by date: for showing prices in the reader's own
-- currency. Nothing is charged by them.

create table exchange_rates (
    from_currency text           not null check (from_currency ~ '^[A-Z]{3}$'),
    to_currency   text           not null check (to_currency ~ '^[A-Z]{3}$' and to_currency <> from_currency),
    on_date       date           not null,
    rate          numeric(24, 12) not null check (rate > 0),
    source        text           not null,
    imported_at   timestamptz    not null,
    primary key (from_currency, to_currency, on_date)
);
comment on table exchange_rates is
    'One unit of from_currency is worth rate units of to_currency on that date. Readers take the newest up to today, its inverse, or a way through a third currency.';
