package dev.strata.udfs.sql;

import dev.strata.udfs.spark.DealtRows;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The buckets of a node's rows: by the arguments of its calls, so that a row's does not depend on
 * where it is.
 *
 * @param arguments those of all calls
 * @param input the columns of the rows
 */
record CallBuckets(Seq<Expression> arguments, Seq<Attribute> input)
    implements DealtRows.Bucketing<InternalRow> {

  private static final long serialVersionUID = 1L;

  /** The memory of the rows that come in is their reader's, who uses it again. */
  @Override
  public Iterator<Tuple2<Integer, InternalRow>> of(Iterator<InternalRow> rows) {
    UnsafeProjection evaluation = UnsafeProjection.create(arguments, input);
    evaluation.initialize(0);
    UnsafeProjection packing =
        UnsafeProjection.create(Scalas.<Expression>seq(Scalas.<Expression>list(input)), input);
    return CollectionConverters.asJava(
        CollectionConverters.asScala(rows)
            .map(row -> new Tuple2<>(bucket(evaluation.apply(row)), packed(row, packing))));
  }

  private static int bucket(UnsafeRow arguments) {
    return DealtRows.bucket(arguments.getBytes());
  }

  private static InternalRow packed(InternalRow row, UnsafeProjection packing) {
    return row instanceof UnsafeRow unsafe ? unsafe.copy() : packing.apply(row).copy();
  }
}
