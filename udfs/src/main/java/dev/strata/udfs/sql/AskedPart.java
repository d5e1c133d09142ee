package dev.strata.udfs.sql;

import dev.strata.udfs.spark.ErrorLimit;
import dev.strata.udfs.spark.PartitionTask;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.Seq;

/**
 * What executors know of a node's rows, whatever it asks about them.
 *
 * @param input the columns of its child
 * @param output the same and the results
 * @param allowed how many calls may fail
 */
record AskedPart(
    Seq<Attribute> input,
    Seq<Attribute> output,
    PartitionTask task,
    ErrorLimit.Allowed allowed,
    AskMetrics metrics)
    implements Serializable {

  DataType[] inputTypes() {
    return types(input);
  }

  DataType[] outputTypes() {
    return types(output);
  }

  private static DataType[] types(Seq<Attribute> columns) {
    return Scalas.<Attribute>list(columns).stream()
        .map(Attribute::dataType)
        .toArray(DataType[]::new);
  }
}
