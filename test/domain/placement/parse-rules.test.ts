import { parseRules } from '../../../domain/placement/parse-rules.js';

describe('parseRules', () => {
  it('reads both kinds, with priorities and comments', () => {
    const text = `# kept by pve-ha-manager
node-affinity: keep-in-rack-a
	comment near the storage
	nodes pve1:2,pve2:2,pve3
	resources vm:101,ct:201
	strict 1

node-affinity: rather
	nodes pve3
	resources vm:103

resource-affinity: apart
	affinity negative
	resources vm:101,vm:102

resource-affinity: together
	resources vm:103,ct:203
	affinity positive
`;
    expect(parseRules(text)).toEqual({
      problems: [],
      rules: [
        {
          kind: 'node-affinity', id: 'keep-in-rack-a', strict: true, guests: [101, 201],
          nodes: [{ node: 'pve1', priority: 2 }, { node: 'pve2', priority: 2 }, { node: 'pve3', priority: 0 }],
        },
        { kind: 'node-affinity', id: 'rather', strict: false, guests: [103], nodes: [{ node: 'pve3', priority: 0 }] },
        { kind: 'resource-affinity', id: 'apart', affinity: 'negative', guests: [101, 102] },
        { kind: 'resource-affinity', id: 'together', affinity: 'positive', guests: [103, 203] },
      ],
    });
  });

  it('leaves out what is switched off', () => {
    expect(parseRules('resource-affinity: a\n\taffinity negative\n\tresources vm:101,vm:102\n\tdisable\n')).toEqual({ rules: [], problems: [] });
  });

  it('is empty when there is no file', () => {
    expect(parseRules('')).toEqual({ rules: [], problems: [] });
  });

  it.each([
    ['node-affinity: a\n\tnodes pve1\n', 'ha/rules.cfg: rule a: resources is missing'],
    ['node-affinity: a\n\tresources vm:101\n', 'ha/rules.cfg: rule a: nodes is missing'],
    ['node-affinity: a\n\tresources vm:101\n\tnodes pve1:x\n', "ha/rules.cfg: rule a: nodes: expected <node> or <node>:<priority>, got 'pve1:x'"],
    ['node-affinity: a\n\tresources vm:10\n\tnodes pve1\n', "ha/rules.cfg: rule a: resources: expected vm:<vmid> or ct:<vmid>, got 'vm:10'"],
    ['node-affinity: a\n\tresources vm:101\n\tnodes pve1\n\tstrict maybe\n', "ha/rules.cfg: rule a: strict: expected 0 or 1, got 'maybe'"],
    ['resource-affinity: a\n\tresources vm:101,vm:102\n\taffinity some\n', "ha/rules.cfg: rule a: affinity: expected positive or negative, got 'some'"],
    ['resource-affinity: a\n\tresources vm:101\n\taffinity negative\n', 'ha/rules.cfg: rule a: a resource affinity rule needs at least two resources'],
    ['group: a\n\tnodes pve1\n', "ha/rules.cfg: rule a: unknown type 'group'"],
    ['nonsense\n', 'ha/rules.cfg: unable to parse line: nonsense'],
  ])('says what is wrong with %j', (text, problem) => {
    const { rules, problems } = parseRules(text);
    expect({ rules, problems: problems[0] }).toEqual({ rules: [], problems: problem });
  });

  it('applies neither of two rules that contradict each other, as PVE', () => {
    const twice = parseRules('node-affinity: a\n\tresources vm:101\n\tnodes pve1\n\nnode-affinity: b\n\tresources vm:101,vm:102\n\tnodes pve2\n');
    expect(twice).toEqual({ rules: [], problems: ['ha/rules.cfg: rules a and b both name 101: a resource may be in one node affinity rule only; neither is applied'] });
    const both = parseRules('resource-affinity: a\n\tresources vm:101,vm:102\n\taffinity positive\n\nresource-affinity: b\n\tresources vm:101,vm:102,vm:103\n\taffinity negative\n');
    expect(both).toEqual({ rules: [], problems: ['ha/rules.cfg: rules a and b both name 101, 102: they are to be together and apart; neither is applied'] });
  });
});
