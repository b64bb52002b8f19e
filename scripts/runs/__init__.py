"""What commands share: options, folders, records, tables, reports."""
