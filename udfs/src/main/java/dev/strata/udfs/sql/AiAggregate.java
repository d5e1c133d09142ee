package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ImplicitCastInputTypes;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateFunction;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A call of a function that makes one value of the rows of a group. Marks its place in an aggregate
 * until {@link TextAggregates} moves it into an {@link AskAggregate}.
 */
public final class AiAggregate extends AggregateFunction
    implements ImplicitCastInputTypes, Parts, Serializable {

  private static final long serialVersionUID = 1L;

  private final AiFunction function;
  private final CallOptions options;
  private final Seq<Expression> arguments;

  /**
   * @param arguments those that are evaluated for each row
   */
  public AiAggregate(AiFunction function, CallOptions options, Seq<Expression> arguments) {
    this.function = function;
    this.options = options;
    this.arguments = arguments;
  }

  AiFunction function() {
    return function;
  }

  CallOptions options() {
    return options;
  }

  @Override
  public Seq<Expression> children() {
    return arguments;
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new AiAggregate(function, options, children);
  }

  @Override
  public DataType dataType() {
    return function.onError(options).resultType(function.valueType(options));
  }

  @Override
  public boolean nullable() {
    return true;
  }

  @Override
  public Seq<AbstractDataType> inputTypes() {
    return Scalas.seq(function.signature().rowTypes());
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    return ImplicitCastInputTypes.super.checkInputDataTypes();
  }

  @Override
  public StructType aggBufferSchema() {
    return new StructType();
  }

  @Override
  public Seq<AttributeReference> aggBufferAttributes() {
    return Scalas.seqOf();
  }

  @Override
  public Seq<AttributeReference> inputAggBufferAttributes() {
    return Scalas.seqOf();
  }

  @Override
  public Object eval(InternalRow row) {
    throw unplanned();
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw unplanned();
  }

  private StrataException unplanned() {
    return StrataException.usage("%s stands where no model can be asked", this);
  }

  @Override
  public String prettyName() {
    return function.name();
  }

  @Override
  public String toString() {
    return function.name() + arguments.mkString("(", ", ", ")");
  }

  @Override
  public List<Object> parts() {
    return List.of(function, options, arguments);
  }

  @Override
  public boolean equals(Object other) {
    return Parts.equal(this, other);
  }

  @Override
  public int hashCode() {
    return parts().hashCode();
  }
}
