//! Documents for people: receipts, invoices and statements as PDF. Pure: rows in, bytes out.
