package dev.strata.udfs.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** One question for each row, and its answer in columns of its own. */
final class GenerationTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final PartitionTask task;
  private final RowPrompts prompts;
  private final OutputRows output;
  private final ErrorLimit.Allowed allowed;

  GenerationTask(
      PartitionTask task, RowPrompts prompts, OutputRows output, ErrorLimit.Allowed allowed) {
    this.task = task;
    this.prompts = prompts;
    this.output = output;
    this.allowed = allowed;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    ErrorLimit errors = allowed.inPartition(TaskContext.getPartitionId());
    if (!rows.hasNext()) {
      errors.end();
    }
    return task.run(new AskedRows<>(rows, row -> asked(row, errors)), new Answered(errors), false);
  }

  /**
   * Rows that fail come out first, so that those count against them that the engine still works at.
   */
  private AskedRow asked(Row row, ErrorLimit errors) {
    errors.asked();
    return new AskedRow(RowCodec.encode(output.kept(row)), List.of(new RowAsk(prompts, row)));
  }

  /** The rows of a partition that come out. */
  private final class Answered implements AnsweredRows<Row> {

    private final ErrorLimit errors;

    private Answered(ErrorLimit errors) {
      this.errors = errors;
    }

    @Override
    public Row row(byte[] kept, List<Answer> answers) {
      String error = answers.get(0).completion().error();
      if (error != null) {
        errors.failed(error);
      }
      return output.row(RowCodec.decode(kept), answers.get(0));
    }

    @Override
    public void finished() {
      errors.end();
    }
  }
}
