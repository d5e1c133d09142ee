CREATE MATERIALIZED VIEW weather AS
SELECT id, text FROM parquet.`datasets/sentences.parquet` WHERE topic = 'weather';

CREATE MATERIALIZED VIEW translations AS
SELECT id, text, ai_translate(text, 'fr') AS french FROM weather;
