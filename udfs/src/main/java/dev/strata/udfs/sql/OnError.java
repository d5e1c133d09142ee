package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** What becomes of a call that fails. */
enum OnError {
  /** It is NULL. */
  NULL,
  /** The query fails. */
  FAIL,
  /** Every result is a struct of result and error. */
  STRUCT;

  /** The meaning of the argument {@code failOnError}, null where it is not given. */
  static OnError of(Boolean failOnError) {
    return failOnError == null ? NULL : failOnError ? FAIL : STRUCT;
  }

  /** The type of results. */
  DataType resultType(DataType value) {
    return this == STRUCT
        ? new StructType().add("result", value).add("errorMessage", DataTypes.StringType)
        : value;
  }

  /** The result of a call that has a value. */
  Object result(Object value) {
    return this == STRUCT ? new GenericInternalRow(new Object[] {value, null}) : value;
  }

  /**
   * The result of a call that failed.
   *
   * @throws StrataException if the query is to fail
   */
  Object failed(String function, String error) {
    return switch (this) {
      case NULL -> null;
      case STRUCT -> new GenericInternalRow(new Object[] {null, UTF8String.fromString(error)});
      case FAIL ->
          throw StrataException.data(
              "%s failed: %s; with failOnError => false the row has the error beside its result",
              function, error);
    };
  }
}
