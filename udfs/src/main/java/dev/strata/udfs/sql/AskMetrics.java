package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineTotals;
import dev.strata.udfs.spark.RowCounts;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/** What the Spark UI shows of a node. Added to by tasks' own threads. */
record AskMetrics(
    SQLMetric rows,
    SQLMetric asked,
    SQLMetric repeated,
    SQLMetric kept,
    SQLMetric resumed,
    SQLMetric failed,
    SQLMetric promptTokens,
    SQLMetric newTokens,
    SQLMetric sweeps,
    SQLMetric readBytes,
    SQLMetric disk,
    SQLMetric copy,
    SQLMetric compute)
    implements Serializable {

  /** The name of the metric that counts the prompts an engine got. */
  static final String ASKED = "asked";

  /** The name of the metric that counts the calls that failed. */
  static final String FAILED = "failed";

  /** Of a task that has not added anything, which Spark then leaves out of the least and median. */
  private static final long NONE_YET = -1;

  static AskMetrics create(SparkContext context) {
    return new AskMetrics(
        SQLMetrics.createMetric(context, "number of output rows"),
        SQLMetrics.createMetric(context, "prompts asked"),
        SQLMetrics.createMetric(context, "equal prompts not asked again"),
        SQLMetrics.createMetric(context, "prompts kept of an earlier try"),
        SQLMetrics.createMetric(context, "prompts resumed of an earlier try"),
        SQLMetrics.createMetric(context, "calls failed"),
        SQLMetrics.createMetric(context, "prompt tokens"),
        SQLMetrics.createMetric(context, "new tokens"),
        SQLMetrics.createMetric(context, "sweeps"),
        SQLMetrics.createSizeMetric(context, "bytes read", NONE_YET),
        SQLMetrics.createNanoTimingMetric(context, "time waiting for the disk", NONE_YET),
        SQLMetrics.createNanoTimingMetric(context, "time waiting for copies", NONE_YET),
        SQLMetrics.createNanoTimingMetric(context, "time computing", NONE_YET));
  }

  /** By name. */
  Map<String, SQLMetric> all() {
    Map<String, SQLMetric> all = new LinkedHashMap<>();
    all.put("numOutputRows", rows);
    all.put(ASKED, asked);
    all.put("repeated", repeated);
    all.put("kept", kept);
    all.put("resumed", resumed);
    all.put(FAILED, failed);
    all.put("promptTokens", promptTokens);
    all.put("newTokens", newTokens);
    all.put("sweeps", sweeps);
    all.put("bytesRead", readBytes);
    all.put("diskTime", disk);
    all.put("copyTime", copy);
    all.put("computeTime", compute);
    return all;
  }

  /** Adds what a partition came to. */
  void add(RowCounts counts, long prompts) {
    asked.add(prompts);
    repeated.add(counts.repeated());
    kept.add(counts.kept());
    resumed.add(counts.resumed());
    promptTokens.add(counts.promptTokens());
    newTokens.add(counts.completionTokens());
  }

  /** Adds what an engine did meanwhile. */
  void add(EngineTotals work) {
    sweeps.add(work.sweeps());
    readBytes.add(work.readBytes());
    disk.add(work.times().diskNanos());
    copy.add(work.times().copyNanos());
    compute.add(work.times().computeNanos());
  }
}
