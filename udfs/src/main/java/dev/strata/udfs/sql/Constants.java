package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import scala.jdk.javaapi.CollectionConverters;

/** Arguments that are the same for all rows. */
final class Constants {

  private Constants() {}

  /**
   * The value of an argument: a text, a number, a truth value, a list or a map of these, or a
   * {@link Row} with its schema.
   *
   * @throws StrataException if it is not constant, NULL, or of another type
   */
  static Serializable value(String function, Parameter parameter, Expression argument) {
    if (!argument.foldable()) {
      throw wrong(function, parameter, argument, "a constant");
    }
    boolean fits = parameter.type() == null || Cast.canCast(argument.dataType(), parameter.type());
    if (!fits) {
      throw wrong(function, parameter, argument, parameter.type().sql());
    }
    Object value = CatalystTypeConverters.convertToScala(argument.eval(null), argument.dataType());
    if (value == null) {
      throw wrong(function, parameter, argument, "something else than NULL");
    }
    if (value instanceof scala.collection.Map<?, ?> map) {
      return new LinkedHashMap<>(CollectionConverters.asJava(map));
    }
    return value instanceof scala.collection.Seq<?> elements
        ? new ArrayList<>(CollectionConverters.asJava(elements))
        : (Serializable) value;
  }

  private static StrataException wrong(
      String function, Parameter parameter, Expression argument, String what) {
    return StrataException.usage(
        "%s: the argument %s is %s; it must be %s",
        function, parameter.name(), argument.sql(), what);
  }
}
