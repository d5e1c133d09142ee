package dev.strata.job.run;

import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a run asks of the model.
 *
 * @param session what is asked of rows, those that could not be read among them
 * @param rows the rows that run
 * @param kept how many others are taken over from an earlier run; empty where none is looked for
 */
record RowsToRun(RunSession session, Dataset<Row> rows, OptionalLong kept) {}
