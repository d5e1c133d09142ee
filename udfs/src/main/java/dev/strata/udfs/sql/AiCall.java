package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.ImplicitCastInputTypes;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A call of a function. Marks its place in a plan until {@link ExtractAiCalls} moves it into an
 * {@link AskModel}.
 *
 * <p>Catalyst copies expressions by their only constructor and compares them as products.
 */
public final class AiCall extends Expression
    implements Unevaluable, ImplicitCastInputTypes, Parts, Serializable {

  private static final long serialVersionUID = 1L;

  private final AiFunction function;
  private final CallOptions options;
  private final Seq<Expression> arguments;

  /**
   * @param arguments those that are evaluated for each row
   */
  public AiCall(AiFunction function, CallOptions options, Seq<Expression> arguments) {
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

  /** The same call where a condition holds; elsewhere nothing is asked, and it is NULL. */
  AiCall where(Expression condition) {
    List<Expression> guarded = Scalas.list(arguments);
    Expression first = guarded.get(0);
    Expression nothing = Literal$.MODULE$.create((Object) null, first.dataType());
    guarded.set(0, new If(condition, first, nothing));
    return new AiCall(function, options, Scalas.seq(guarded));
  }

  @Override
  public Seq<Expression> children() {
    return arguments;
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new AiCall(function, options, children);
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
  public boolean foldable() {
    return false;
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
  public Object eval(InternalRow row) {
    throw unplanned();
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw unplanned();
  }

  private StrataException unplanned() {
    return StrataException.usage(
        "%s stands where no model can be asked; compute it in a subquery first", this);
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
