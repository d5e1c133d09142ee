package dev.strata.job.run;

import dev.strata.job.report.RunReport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a run asks of the model.
 *
 * @param session what is asked of rows, those that could not be read among them
 * @param rows the rows that run
 * @param reuse the others, which an earlier run has done; null where none is looked for
 */
record RowsToRun(RunSession session, Dataset<Row> rows, RunReport.Reuse reuse) {}
