package dev.strata.udfs.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** One question for each row, and its answer in columns of its own. */
final class GenerationTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final PartitionTask task;
  private final RowPrompts prompts;
  private final Readout readout;
  private final OutputRows output;

  /**
   * @param readout what is read from the model; null where new tokens are wanted
   */
  GenerationTask(PartitionTask task, RowPrompts prompts, Readout readout, OutputRows output) {
    this.task = task;
    this.prompts = prompts;
    this.readout = readout;
    this.output = output;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return task.run(new AskedRows<>(rows, this::asked), this::answered, false);
  }

  private AskedRow asked(Row row) {
    return new AskedRow(
        RowCodec.encode(output.kept(row)), List.of(new RowAsk(prompts, row, readout)));
  }

  private Row answered(byte[] kept, List<Answer> answers) {
    return output.row(RowCodec.decode(kept), answers.get(0));
  }
}
