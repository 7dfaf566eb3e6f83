/** The closed set of controls, one line each; the form asks for a control by the name the manifest gives. */
import type { ControlProps } from './control-props.ts';
import { ExpressionControl, TemplateControl } from './expression-field.tsx';
import { JsonControl } from './json-field.tsx';
import { KeyValueControl, RulesControl } from './list-controls.tsx';
import { SchemaControl } from './schema-field.tsx';
import {
  ChoiceControl,
  DurationControl,
  MultilineControl,
  NumberControl,
  TextControl,
  ToggleControl,
} from './text-controls.tsx';

function Body(props: ControlProps) {
  switch (props.field.control) {
    case 'text':
      return <TextControl {...props} />;
    case 'multiline':
      return <MultilineControl {...props} />;
    case 'number':
      return <NumberControl {...props} />;
    case 'duration':
      return <DurationControl {...props} />;
    case 'toggle':
      return <ToggleControl {...props} />;
    case 'choice':
      return <ChoiceControl {...props} />;
    case 'connection':
      return props.field.choices.length > 0 ? <ChoiceControl {...props} /> : <TextControl {...props} />;
    case 'expression':
      return <ExpressionControl {...props} />;
    case 'template':
      return <TemplateControl {...props} />;
    case 'json':
      return <JsonControl {...props} />;
    case 'schema':
      return <SchemaControl {...props} />;
    case 'rules':
      return <RulesControl {...props} />;
    case 'keyvalue':
      return <KeyValueControl {...props} />;
  }
}

/** `data-pointer` is how a problem finds its field. */
export function Control(props: ControlProps) {
  return (
    <div data-pointer={props.pointer}>
      <Body {...props} />
    </div>
  );
}
