package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.JvmErrors;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/** What is sent to executors: called once for each partition. */
final class GenerationTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final GenerationOptions options;
  private final RowPrompts prompts;
  private final OutputRows output;
  private final EngineStats stats;
  private final SerializableConfiguration hadoop;

  GenerationTask(
      GenerationOptions options,
      RowPrompts prompts,
      OutputRows output,
      EngineStats stats,
      SerializableConfiguration hadoop) {
    this.options = options;
    this.hadoop = hadoop;
    this.prompts = prompts;
    this.output = output;
    this.stats = stats;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return Collections.emptyIterator(); // an engine is dear, and there is nothing for it to do
    }
    return JvmErrors.told(() -> run(rows, TaskContext.get()));
  }

  private PartitionRun run(Iterator<Row> rows, TaskContext context) {
    EngineLease<ModelEngine> lease = ExecutorEngines.acquire(options, hadoop.value(), context);
    whenEnded(context, lease::close); // listeners are called in reverse, so this comes last
    PartitionRun run =
        new PartitionRun(rows, options, prompts, output, stats, context, lease.get());
    whenEnded(context, run::close);
    return run;
  }

  private static void whenEnded(TaskContext context, Runnable close) {
    TaskCompletionListener listener = ended -> close.run();
    context.addTaskCompletionListener(listener);
  }
}
