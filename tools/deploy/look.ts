/** What to do next, printed when everything runs. */
export const LOOK = `
Call a tool (an address, or localhost through \`kubectl port-forward -n agentgateway-system svc/mcp-gateway 3000\`):
  export GATEWAY_IP=$(kubectl get svc mcp-gateway -n agentgateway-system -o jsonpath='{.status.loadBalancer.ingress[0].ip}')
  npx @modelcontextprotocol/inspector --cli http://$GATEWAY_IP:3000/mcp --transport http --method tools/list
Look:
  kubectl logs -n telemetry -l app.kubernetes.io/instance=opentelemetry-collector-traces --tail=100
  kubectl --namespace telemetry port-forward svc/kube-prometheus-stack-grafana 3000     http://localhost:3000, user admin, password:
  kubectl get secret kube-prometheus-stack-grafana -n telemetry -o jsonpath='{.data.admin-password}' | base64 --decode
`;
