package dev.strata.udfs.sql;

import java.io.Serializable;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * A parameter of a function.
 *
 * @param type null for any
 * @param kind what its arguments may be
 * @param otherwise the value where no argument is given
 */
record Parameter(String name, DataType type, Kind kind, Serializable otherwise) {

  /** What arguments may be. */
  enum Kind {
    /** Given for each row. */
    ROW,
    /** Given for each row, or left to a default. */
    OPTIONAL_ROW,
    /** The same for all rows. */
    CONSTANT,
    /** The same for all rows, or left out. */
    OPTIONAL_CONSTANT
  }

  static Parameter text(String name) {
    return new Parameter(name, DataTypes.StringType, Kind.ROW, null);
  }

  static Parameter texts(String name) {
    return new Parameter(name, DataTypes.createArrayType(DataTypes.StringType), Kind.ROW, null);
  }

  static Parameter number(String name, int otherwise) {
    return new Parameter(name, DataTypes.IntegerType, Kind.OPTIONAL_ROW, otherwise);
  }

  static Parameter constant(String name, DataType type) {
    return new Parameter(name, type, Kind.CONSTANT, null);
  }

  static Parameter option(String name, DataType type) {
    return new Parameter(name, type, Kind.OPTIONAL_CONSTANT, null);
  }

  boolean isConstant() {
    return kind == Kind.CONSTANT || kind == Kind.OPTIONAL_CONSTANT;
  }

  boolean isRequired() {
    return kind == Kind.ROW || kind == Kind.CONSTANT;
  }

  /** As documentation has it, such as {@code max_words INT = 50}. */
  @Override
  public String toString() {
    String typed = type == null ? name : name + " " + type.sql();
    return otherwise == null ? typed : typed + " = " + otherwise;
  }
}
