package dev.strata.udfs.spark;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.journal.Buckets;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/** The bucket of a row: by its id, or else by what it asks, and never by where it is. */
record RowBucket(RowPrompts prompts) implements Serializable {

  int of(Row row) {
    return Buckets.of(ByteBuffer.wrap(digest(row).bytes()).getLong());
  }

  private Sha256 digest(Row row) {
    String id = prompts.id(row);
    if (id != null) {
      return new Sha256().add(id);
    }
    try {
      return prompts.prompt(row, UnaryOperator.identity()).digest(new Sha256());
    } catch (RuntimeException
        | StackOverflowError e) { // an error of the row, said when it is asked
      return new Sha256().add(e);
    }
  }
}
