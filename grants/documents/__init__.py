"""Letters, reports and receipts as PDF: made, kept and verified."""
