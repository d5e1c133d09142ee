package dev.strata.udfs.spark;

import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.Sha256;
import java.util.Arrays;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Appends a row's fingerprint to the input's own columns. */
final class FingerprintTask implements MapFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final int width;
  private final RowPrompts prompts;
  private final OutputRows output;
  private final String run;

  /**
   * @param width the number of the input's own columns
   */
  FingerprintTask(int width, RowPrompts prompts, OutputRows output, String run) {
    this.width = width;
    this.prompts = prompts;
    this.output = output;
    this.run = run;
  }

  @Override
  public Row call(Row row) {
    return JvmErrors.told(() -> withFingerprint(row));
  }

  private Row withFingerprint(Row row) {
    Object[] values = new Object[width + 1];
    Arrays.setAll(values, i -> i < width ? row.get(i) : fingerprint(row));
    return RowFactory.create(values);
  }

  private String fingerprint(Row row) {
    Sha256 columns = new Sha256().add(RowCodec.encode(output.kept(row)));
    output.keptNames().forEach(columns::add);
    try {
      return Fingerprints.of(run, prompts.ask(row), columns, true);
    } catch (RowException e) {
      Sha256 error = new Sha256().add(prompts.id(row)).add(e.getMessage());
      return Fingerprints.of(run, error, columns, false);
    }
  }
}
