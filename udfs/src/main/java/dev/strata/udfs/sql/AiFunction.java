package dev.strata.udfs.sql;

import java.io.Serializable;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** A function of SQL that asks a model. Two of the same name are the same. */
abstract class AiFunction implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String name;
  private final String usage;
  private final String example;

  /**
   * @param usage what it does, in a sentence that begins after the signature
   * @param example a statement
   */
  AiFunction(String name, String usage, String example) {
    this.name = name;
    this.usage = usage;
    this.example = example;
  }

  final String name() {
    return name;
  }

  final String usage() {
    return usage;
  }

  final String example() {
    return example;
  }

  abstract Signature signature();

  /** The type of a call's value. */
  DataType valueType(CallOptions options) {
    return DataTypes.StringType;
  }

  /** Whether a value itself says what went wrong, so that it needs no struct around it for that. */
  boolean valuesHaveErrors(CallOptions options) {
    return false;
  }

  /** What becomes of a call that fails. */
  final OnError onError(CallOptions options) {
    return valuesHaveErrors(options) && options.onError() == OnError.STRUCT
        ? OnError.NULL
        : options.onError();
  }

  /**
   * Checks what is constant.
   *
   * @throws dev.strata.udfs.api.StrataException if it makes no sense
   */
  void check(CallOptions options) {}

  /** Whether an engine is needed, and not the model's tokenizer alone. */
  boolean needsEngine() {
    return true;
  }

  /** Whether it makes one value of the rows of a group. */
  boolean isAggregate() {
    return false;
  }

  /** What executors do for a call, whose options were checked. */
  abstract CallTask task(CallOptions options, SessionPrompts prompts);

  @Override
  public final boolean equals(Object other) {
    return other instanceof AiFunction function && function.name.equals(name);
  }

  @Override
  public final int hashCode() {
    return name.hashCode();
  }

  @Override
  public final String toString() {
    return name;
  }
}
