"""A sample of customer records as four systems know them, with the truth about who is who.

    write_sample(people=5_000, seed=7, out=Path("sample"))

writes the systems' own exports, and `truth.parquet` (source, source_record_id, person_id) for every record:

- `pos.csv`          semicolons, cp1252, CRLF; a till's customer file
- `ecommerce.jsonl`  UTF-8; a web shop's customers, one JSON object per line
- `loyalty.csv`      commas, UTF-8; members with consents
- `erp.csv`          commas, UTF-8; customer master

With `canonical=True` also `records.parquet`: the same noisy values under the service's own names, nulls where
missing. The same people and seed give the same bytes.

Planted rows (`faults`), about one in a thousand of each file, of four kinds in equal parts:

- missing_id       a copy of a good row without its record id; no truth row
- impossible_date  a good row with a 31 February (birth date; in the ERP the day of creation); it has its
                   truth row, and in `records.parquet` no birth date
- cut_short        a CSV row with too few fields, or half a JSON line, under a key of its own; it cannot be
                   read and has no truth row
- key_twice        a good row that comes again further down with a later time of change; one truth row
"""

from identity.sample.write import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
